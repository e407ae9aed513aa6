"""Several machines, one record: acts that travel between a school's machines, in any order, any number of times.

`wire` is an act as bytes, `bundle` the signed and encrypted file, `outgoing` what others lack, `incoming` what is taken
in, `waiting` what cannot be applied yet, `exchange` the way of a bundle from a vault to a file and back.
"""
