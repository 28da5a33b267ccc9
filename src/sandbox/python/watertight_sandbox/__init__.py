"""watertight's sandbox: moto's server, corrected where it differs from AWS's documentation.

`server` starts it; `front` receives each request; each `mend_*` module corrects one service and
names the documentation it follows. Nothing here knows watertight: any AWS client may use it.
"""
