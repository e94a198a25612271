// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The first stage of find_layout(): lines, separator, marks of numbers, header.

#include <string_view>

#include "input/table_draft.hpp"

namespace sicmir {

/// Fills `draft` up to the names of its columns. False: the layout is complete, as STAR's tables
/// have no header. `head`, `whole`, errors: of find_layout().
[[nodiscard]] bool read_header(TableDraft& draft, std::string_view head, bool whole,
                               const TableOptions& options);

}  // namespace sicmir
