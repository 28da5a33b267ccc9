#!/usr/bin/env python3
"""trim.py SCHEMA.json TYPES... > aws-N.json

Keeps of a provider's schema (the form of `terraform providers schema -json`, a line per
type) only the types named, `data.` before a data source, and sorts them, so that the
files here stay small and their diffs readable.
"""

import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    (provider,) = schema["provider_schemas"].values()
    wanted = sorted(set(sys.argv[2:]))
    lines = []
    for name in wanted:
        section = "data_source_schemas" if name.startswith("data.") else "resource_schemas"
        block = provider[section].get(name.removeprefix("data."))
        if block is None:
            print(f"{sys.argv[1]} has no {name}", file=sys.stderr)
            continue
        lines.append(f"{json.dumps(name)}:{json.dumps(block['block'], separators=(',', ':'), sort_keys=True)}")
    print("{\n" + ",\n".join(lines) + "\n}")


main()
