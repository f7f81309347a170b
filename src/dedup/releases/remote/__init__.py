"""Warehouses in an object store: read through a workspace, delivered to by a conditional write of the pointer.

`bucket` speaks to the store; `lease` keeps one writer among machines; `holding` is the lock of a workspace;
`following` brings the workspace up to the store; `bringing` fetches files when they are needed; `delivering`
uploads a release and swaps the pointer; `removing` prunes; `tombstones` shares what was forgotten; `release` is what
readers get. Other rooms come in by `Release`, `warehouse_lock` and the functions named in `releases`.
"""
