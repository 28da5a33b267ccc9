//! Values that a spec only names, and a service of AWS keeps: `{ from = "ssm:/shop/vpc" }`.
//!
//! Facts: *AWS Systems Manager API Reference*, `GetParameter` and `PutParameter` (`Name`);
//! *AWS Secrets Manager API Reference*, `CreateSecret` (`Name`) and `DescribeSecret`.
//!
//! *Invariant*: nothing outside AWS is ever a keeper, so what a spec comes to depends on the
//! account and on no machine.

use super::Input;
use super::form::Misfit;
use crate::diagnostic::did_you_mean;

/// A service of AWS that keeps values by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keeper {
    /// Parameter Store of Systems Manager; what is taken is a parameter's value.
    Parameter,
    /// Secrets Manager; what is taken is a secret's ARN, never its value.
    Secret,
}

const KEEPERS: &[Keeper] = &[Keeper::Parameter, Keeper::Secret];

impl Keeper {
    /// What goes before the colon.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Parameter => "ssm",
            Self::Secret => "secret",
        }
    }

    /// The data source that asks it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Parameter => "aws_ssm_parameter",
            Self::Secret => "aws_secretsmanager_secret",
        }
    }

    /// The argument that takes this name.
    #[must_use]
    pub fn argument(self, name: &str) -> &'static str {
        match self {
            Self::Secret if name.starts_with(ARN) => "arn",
            Self::Parameter | Self::Secret => "name",
        }
    }

    /// The attribute that is taken.
    #[must_use]
    pub fn attribute(self) -> &'static str {
        match self {
            Self::Parameter => "insecure_value",
            Self::Secret => "arn",
        }
    }

    fn fits(self, name: &str) -> Result<(), Misfit> {
        let (others, longest) = match self {
            Self::Parameter => ("_.-/", 1011),
            Self::Secret => ("/_+=.@-", 512),
        };
        let fits = if name.starts_with(ARN) {
            name.len() <= 2048 && name.chars().all(|c| c.is_ascii_graphic())
        } else {
            // A version or label of a parameter follows its name.
            let name = match self {
                Self::Parameter => name.split_once(':').map_or(name, |(name, _)| name),
                Self::Secret => name,
            };
            (1..=longest).contains(&name.len())
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || others.contains(c))
        };
        if !fits {
            let what = match self {
                Self::Parameter => "a parameter of Systems Manager",
                Self::Secret => "a secret of Secrets Manager",
            };
            return Err(Misfit {
                message: format!("`{name}` can't be the name of {what}"),
                hint: format!(
                    "It has 1 to {longest} letters, digits and `{others}`, or is an ARN, as in `{{ from = \"{}\" }}`.",
                    self.example()
                ),
            });
        }
        if self == Self::Parameter
            && name.contains('/')
            && !name.starts_with('/')
            && !name.starts_with(ARN)
        {
            return Err(Misfit {
                message: format!("the parameter `{name}` does not begin with `/`"),
                hint: format!("A path is written whole: `{{ from = \"ssm:/{name}\" }}`."),
            });
        }
        Ok(())
    }

    fn example(self) -> &'static str {
        match self {
            Self::Parameter => "ssm:/shop/vpc_id",
            Self::Secret => "secret:shop/database",
        }
    }
}

const ARN: &str = "arn:";

/// Reads what follows `from =`, unless it is a component's output.
pub(super) fn read(text: &str) -> Option<Result<Input, Misfit>> {
    let (scheme, name) = text.split_once(':')?;
    let keeper = KEEPERS.iter().find(|keeper| keeper.scheme() == scheme);
    Some(match keeper {
        Some(keeper) => keeper.fits(name).map(|()| Input::Kept {
            keeper: *keeper,
            name: name.to_owned(),
        }),
        None if scheme == "env" => Err(Misfit {
            message: "a value can't come from an environment variable".to_owned(),
            hint: format!(
                "The same spec must come to the same plan for everybody who runs it, and `{name}` is each shell's own. Write the value here; or keep it in Parameter Store, `{{ from = \"ssm:/shop/{}\" }}`; of a secret, pass the ARN, `{{ from = \"secret:shop/{}\" }}`.",
                as_path(name),
                as_path(name)
            ),
        }),
        None => {
            let schemes = KEEPERS.iter().map(|keeper| keeper.scheme());
            let known = "`{ from = \"ssm:/PATH\" }` takes a parameter's value, `{ from = \"secret:NAME\" }` a secret's ARN, and `{ from = \"COMPONENT.OUTPUT\" }` what another component gives.";
            Err(Misfit {
                message: format!("nothing is known of values from `{scheme}:`"),
                hint: match did_you_mean(&scheme.to_ascii_lowercase(), schemes) {
                    Some(meant) => format!("Did you mean `{meant}:{name}`? {known}"),
                    None => known.to_owned(),
                },
            })
        }
    })
}

/// `DB_HOST` as the last part of a path: `db_host`.
fn as_path(name: &str) -> String {
    let path: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        .collect();
    if path.is_empty() {
        "name".to_owned()
    } else {
        path.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let said = match read(text) {
            None => "an output".to_owned(),
            Some(Ok(input)) => crate::spec::in_toml(&input),
            Some(Err(misfit)) => misfit.to_string(),
        };
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn a_scheme_says_who_keeps_a_value() {
        check("network.vpc_id", "an output");
        for whole in [
            "ssm:/shop/vpc_id",
            "ssm:vpc",
            "ssm:/shop/vpc_id:3",
            "ssm:arn:aws:ssm:eu-west-1:123456789012:parameter/shop/vpc",
            "secret:shop/database",
            "secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1b2c3",
        ] {
            check(whole, &format!("{{ from = \"{whole}\" }}"));
        }
    }

    #[test]
    fn what_is_no_keeper_or_no_name_is_refused_with_what_to_write() {
        check("env:DB_HOST", "`{ from = \"ssm:/shop/db_host\" }`");
        check("SSM:/shop", "Did you mean `ssm:/shop`?");
        check(
            "vault:/x",
            "nothing is known of values from `vault:`. `{ from",
        );
        check("ssm:shop/vpc", "`{ from = \"ssm:/shop/vpc\" }`");
        check("ssm:", "can't be the name of a parameter");
        check("ssm:/a b", "can't be the name of a parameter");
        check("secret:a:b", "can't be the name of a secret");
    }
}
