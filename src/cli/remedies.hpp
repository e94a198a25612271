// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What to do about an error, in the words of the command line.

#include <string>

#include "sicmir/error.hpp"

namespace sicmir::cli {

/// A whole sentence that names the option.
[[nodiscard]] std::string sentence_of(Remedy remedy);

/// The error's message with the sentences of its remedies behind it.
[[nodiscard]] std::string message_of(const Error& error);

}  // namespace sicmir::cli
