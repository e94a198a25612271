// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What stands where in files of profiles; shared by writer and reader.

#include <array>

#include "analysis/profiles.hpp"

namespace sicmir::names {

inline constexpr const char* mudata_version = "0.1.0";

/// In uns/sicmir; tells files of profiles from others.
inline constexpr const char* format_fact = "profiles";
inline constexpr const char* format_version = "1";

/// Truth values of var of the genes; may be missing.
inline constexpr const char* in_panel = "in_panel";

/// Numbers of var of the miRNAs; may be missing, as in files of earlier versions.
inline constexpr const char* cell_variance = "cell_variance";

/// Texts of obs; those that are not required may be left out where no profile has one.
struct TextColumn {
  const char* name;
  std::string Profile::*of;
  bool required;
};
inline constexpr std::array text_columns = {TextColumn{"sample", &Profile::sample, true},
                                            TextColumn{"group", &Profile::group, true},
                                            TextColumn{"donor", &Profile::donor, false},
                                            TextColumn{"condition", &Profile::condition, false},
                                            TextColumn{"tissue", &Profile::tissue, false}};

/// Numbers of var of the miRNAs, as in the outputs of `predict`.
struct MirnaColumn {
  const char* name;
  double (*get)(const ProfileMirna&);
  void (*set)(ProfileMirna&, double);
};
inline constexpr std::array mirna_columns = {
    MirnaColumn{"training_mean_log2rpm", [](const ProfileMirna& m) { return m.mean; },
                [](ProfileMirna& m, double value) { m.mean = value; }},
    MirnaColumn{"training_sd_log2rpm", [](const ProfileMirna& m) { return m.sd; },
                [](ProfileMirna& m, double value) { m.sd = value; }},
    MirnaColumn{"pearson_within_cohort",
                [](const ProfileMirna& m) { return m.accuracy.within_cohort; },
                [](ProfileMirna& m, double value) { m.accuracy.within_cohort = value; }},
    MirnaColumn{"pearson_pooled", [](const ProfileMirna& m) { return m.accuracy.pooled; },
                [](ProfileMirna& m, double value) { m.accuracy.pooled = value; }},
    MirnaColumn{"pearson_leave_cohort_out",
                [](const ProfileMirna& m) { return m.accuracy.leave_cohort_out; },
                [](ProfileMirna& m, double value) { m.accuracy.leave_cohort_out = value; }},
    MirnaColumn{"n_held_out",
                [](const ProfileMirna& m) { return static_cast<double>(m.accuracy.n); },
                [](ProfileMirna& m, double value) { m.accuracy.n = static_cast<Index>(value); }}};

}  // namespace sicmir::names
