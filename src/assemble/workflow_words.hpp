// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Words of the workflows of the GDC.

#include "base/enum_words.hpp"
#include "sicmir/assemble.hpp"

namespace sicmir {

inline constexpr EnumWords<GdcWorkflow, 5> workflow_words = {{{{"auto", GdcWorkflow::automatic},
                                                               {"star", GdcWorkflow::star},
                                                               {"fpkm-uq", GdcWorkflow::fpkm_uq},
                                                               {"fpkm", GdcWorkflow::fpkm},
                                                               {"htseq", GdcWorkflow::htseq}}}};

}  // namespace sicmir
