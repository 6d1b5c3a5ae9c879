"""Parameter files and definitions of studies, as an installed package has them.

In the repository they are in `parameters/` and `experiments/` of the top folder, from which
`setup.cfg` puts them here; `packaged_files` finds them in both places.
"""
