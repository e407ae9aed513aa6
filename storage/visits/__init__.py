"""Visit sets: some children's records on a laptop, for so many hours, without a network.

`subset` is what of the record travels, with the names of everybody else masked by `naming`; `packing` writes a set,
`terms` says until when it opens, `sealing` keeps what is recorded on it for the school, `returning` takes that in,
`ending` destroys a set's key.
"""
