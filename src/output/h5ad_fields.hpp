// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Fields (sicmir/note.hpp) as elements of an AnnData file.

#include <span>
#include <vector>

#include "hdf5/h5.hpp"
#include "hdf5/h5_output.hpp"
#include "sicmir/note.hpp"

namespace sicmir {

/// Writes each field as an element of `parent`; "a/b" goes into the dictionary a, which is made.
void write_fields(const H5Output& out, hid_t parent, std::span<const Field> fields);

/// All of them that `group` holds, in the order of their names; other elements are passed over.
[[nodiscard]] std::vector<Field> read_fields(const h5::File& file, hid_t group);

}  // namespace sicmir
