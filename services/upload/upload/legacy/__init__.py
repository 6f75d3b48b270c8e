"""Legacy upload API: ``POST /legacy/`` with the form of twine, uv, poetry, pdm, hatch and flit.

Source: the page "Upload API" of the documentation of the public index.
"""
