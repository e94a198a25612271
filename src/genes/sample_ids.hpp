// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Ids of samples and patients, and the table that says more about them.

#include <string>
#include <string_view>
#include <unordered_map>

namespace sicmir::training {

/// What samples are paired by. TCGA barcodes (TCGA-XX-XXXX-SS..., dots for dashes as R writes them)
/// are cut to 15 characters: project, site, patient and sample type. Other ids stay as they are.
[[nodiscard]] std::string sample_key(std::string_view id);

/// The patient of a sample key: the first 12 characters of a TCGA barcode, else the key itself.
[[nodiscard]] std::string patient_of(std::string_view sample_key);

/// The kind of tissue of a sample key: the last two characters of a TCGA barcode (01 primary
/// tumour, 11 normal...), else empty.
[[nodiscard]] std::string tissue_of(std::string_view sample_key);

struct SampleFacts {
  std::string cohort;   ///< empty: not known
  std::string patient;  ///< empty: not known
};

class SampleTable {
 public:
  void add(const std::string& key, SampleFacts facts) { facts_.emplace(key, std::move(facts)); }
  /// Empty facts for a sample that the table does not list.
  [[nodiscard]] SampleFacts find(const std::string& key) const {
    const auto found = facts_.find(key);
    return found == facts_.end() ? SampleFacts{} : found->second;
  }

 private:
  std::unordered_map<std::string, SampleFacts> facts_;
};

/// Reads a TSV with a header line and the columns `sample` and `cohort`, perhaps `patient`; others
/// are passed over. A sample may be listed several times; its first line counts. Throws
/// Error(bad_input) naming file and line.
[[nodiscard]] SampleTable read_sample_table(const std::string& path);

}  // namespace sicmir::training
