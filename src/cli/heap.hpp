// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace sicmir::cli {

/// How this process gets its memory; called once, before any thread is started. Reading, folding
/// and arranging a model takes and gives back a few arrays of some megabytes, and a small
/// prediction spent half of its time in fetching their pages from the system one by one.
void set_up_heap();

/// From here on, an allocation of malloc() that fails ends this process with "out of memory"
/// (allocation.cpp). Until then, and in programs that do not link it, it returns null.
void end_when_memory_is_short() noexcept;

}  // namespace sicmir::cli
