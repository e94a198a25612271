// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace sicmir::cli {

/// How this process gets its memory; called once, before any thread is started. Reading, folding
/// and arranging a model takes and gives back a few arrays of some megabytes, and a small
/// prediction spent half of its time in fetching their pages from the system one by one.
void set_up_heap();

}  // namespace sicmir::cli
