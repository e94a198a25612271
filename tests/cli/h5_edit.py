# SPDX-License-Identifier: BSD-3-Clause
"""Changes one thing of an HDF5 file."""
import h5py


def edit(path):
    return h5py.File(path, "r+")


def replace(path, name, values, **options):
    with edit(path) as file:
        attributes = dict(file[name].attrs) if name in file else {}
        if name in file:
            del file[name]
        file.create_dataset(name, data=values, **options)
        file[name].attrs.update(attributes)


def remove(path, name):
    with edit(path) as file:
        del file[name]


def set_attribute(path, where, name, value):
    with edit(path) as file:
        if value is None:
            del file[where].attrs[name]
        else:
            file[where].attrs[name] = value


def claims(path, name, shape, dtype="f4", chunk=1024):
    """A data set of which nothing is stored."""
    with edit(path) as file:
        attributes = dict(file[name].attrs)
        del file[name]
        file.create_dataset(name, shape=shape, dtype=dtype, chunks=tuple(min(n, chunk) for n in shape))
        file[name].attrs.update(attributes)
