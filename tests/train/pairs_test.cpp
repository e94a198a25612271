// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "sicmir/reference_tables.hpp"
#include "sicmir/train.hpp"

namespace sicmir {
namespace {

namespace fs = std::filesystem;

class ReadPairs : public testing::Test {
 protected:
  ReadPairs() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / (std::string("pairs_") + test->name());
    fs::create_directories(folder_);
    panel_ = read_gene_panel(find_data_file("landmarks.tsv"));
  }
  ~ReadPairs() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }

  /// Genes as lines. Gene g of sample s is value(g, s); `n_other` genes outside the panel follow.
  template <class Value>
  std::string write_mrna(const std::string& name, const std::vector<std::string>& samples,
                         Value value, Index n_genes = 977) {
    std::string text = "gene";
    for (const std::string& sample : samples) text += "\t" + sample;
    text += "\n";
    for (Index g = 0; g < n_genes; ++g) {
      text += panel_.genes[static_cast<std::size_t>(g)].symbol;
      for (std::size_t s = 0; s < samples.size(); ++s) {
        text += "\t" + std::to_string(value(g, static_cast<Index>(s)));
      }
      text += "\n";
    }
    return write(name, text);
  }

  std::string message(const PairOptions& options) {
    try {
      (void)read_pairs(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input);
      return error.what();
    }
    return "no error";
  }

  PairOptions options(std::vector<ExpressionFile> mrna, std::vector<MirnaFile> mirna) {
    PairOptions result;
    result.mrna = std::move(mrna);
    result.mirna = std::move(mirna);
    result.min_targets = 2;
    return result;
  }

  fs::path folder_;
  GenePanel panel_;
};

double some_value(Index gene, Index sample) {
  return static_cast<double>((gene * 7 + sample * 13) % 50);
}

TEST_F(ReadPairs, PairsTcgaBarcodesOnTheirFirst15Characters) {
  const std::string mrna = write_mrna(
      "ACC.tsv", {"TCGA-OR-A5J1-01A-11R", "TCGA-OR-A5J1-11A-11R", "TCGA-OR-A5J3-01A"}, some_value);
  const std::string mirna =
      write("mirna.tsv",
            "mirna\tTCGA-OR-A5J3-01B-22\tTCGA-OR-A5J1-01A-99\tTCGA-XX-0000-01\n"
            "hsa-miR-21-5p\t7\t3\t1\nhsa-let-7a-5p\t0\t15\t1\n");
  const TrainingPairs pairs = read_pairs(options({{mrna, Values::linear}}, {{mirna}}));
  ASSERT_EQ(pairs.samples, (std::vector<std::string>{"TCGA-OR-A5J1-01", "TCGA-OR-A5J3-01"}));
  EXPECT_EQ(pairs.patients, (std::vector<std::string>{"TCGA-OR-A5J1", "TCGA-OR-A5J3"}));
  EXPECT_EQ(pairs.cohorts, (std::vector<std::string>{"ACC", "ACC"}));
  std::map<std::string, Index> line;
  for (std::size_t i = 0; i < pairs.mirnas.size(); ++i) {
    line[pairs.mirnas[i].name] = static_cast<Index>(i);
    EXPECT_EQ(pairs.mirnas[i].target, "measured");
  }
  ASSERT_EQ(line.size(), 2U);
  EXPECT_FLOAT_EQ(pairs.mirna(line.at("hsa-miR-21-5p"), 0), 2.0f);  // log2(3 + 1)
  EXPECT_FLOAT_EQ(pairs.mirna(line.at("hsa-miR-21-5p"), 1), 3.0f);  // log2(7 + 1)
  EXPECT_FLOAT_EQ(pairs.mirna(line.at("hsa-let-7a-5p"), 0), 4.0f);  // log2(15 + 1)
  EXPECT_FLOAT_EQ(pairs.mirna(line.at("hsa-let-7a-5p"), 1), 0.0f);
}

// Values 1 .. 4 over 976 of the 977 genes, 244 each, and a zero: the smallest value that is at
// least as large as 75 % of the non-zero ones is 3. Gene 0 is 0, gene 1 is 2, gene 3 is 4.
TEST_F(ReadPairs, BringsEveryKindOfValuesToTheModelsUnit) {
  const auto linear = [](Index g, Index s) {
    const double value = g == 0 ? 0.0 : static_cast<double>(g % 4 + 1);
    return s == 0 ? value : 10 * value;
  };
  const auto logs = [&](Index g, Index s) { return std::log2(1.0 + linear(g, s)); };
  const std::string as_linear = write_mrna("linear.tsv", {"a", "b"}, linear);
  const std::string as_log = write_mrna("log.tsv", {"a", "b"}, logs);
  const std::string mirna = write("mirna.tsv", "mirna\ta\tb\nhsa-miR-21-5p\t7\t3\n");
  for (const ExpressionFile& file :
       {ExpressionFile{as_linear, Values::linear}, ExpressionFile{as_linear, Values::counts},
        ExpressionFile{as_log, Values::log}}) {
    const TrainingPairs pairs = read_pairs(options({file}, {{mirna}}));
    ASSERT_EQ(pairs.size(), 2);
    for (Index s = 0; s < 2; ++s) {
      EXPECT_EQ(pairs.mrna(0, s), 0.0f);
      EXPECT_NEAR(pairs.mrna(1, s), std::log2(1 + 1000 * 2.0 / 3.0), 1e-4);
      EXPECT_NEAR(pairs.mrna(3, s), std::log2(1 + 1000 * 4.0 / 3.0), 1e-4);
    }
  }
}

TEST_F(ReadPairs, PrefersMeasuredTargetsWhateverTheOrderOfFiles) {
  const std::string mrna = write_mrna("x.tsv", {"a", "b", "c"}, some_value);
  const std::string measured = write("measured.tsv", "mirna\ta\nhsa-miR-21-5p\t7\n");
  const std::string estimated =
      write("estimated.tsv", "mirna\ta\tb\tc\nhsa-miR-21-5p\t9\t5\t\nhsa-let-7a-5p\t4\tNA\t6\n");
  const TrainingPairs pairs = read_pairs(
      options({{mrna, Values::linear}}, {{estimated, MirnaValues::log2rpm, true}, {measured}}));
  std::map<std::string, Index> line;
  for (std::size_t i = 0; i < pairs.mirnas.size(); ++i) {
    line[pairs.mirnas[i].name] = static_cast<Index>(i);
  }
  ASSERT_EQ(line.size(), 2U);
  const Index mir21 = line.at("hsa-miR-21-5p");
  const Index let7 = line.at("hsa-let-7a-5p");
  EXPECT_FLOAT_EQ(pairs.mirna(mir21, 0), 3.0f);  // measured: log2(7 + 1), not 9
  EXPECT_FLOAT_EQ(pairs.mirna(mir21, 1), 5.0f);
  EXPECT_TRUE(std::isnan(pairs.mirna(mir21, 2)));
  EXPECT_TRUE(std::isnan(pairs.mirna(let7, 1)));
  EXPECT_EQ(pairs.mirnas[static_cast<std::size_t>(let7)].target, "estimated");
}

TEST_F(ReadPairs, TakesCohortAndPatientFromTheTableOfSamples) {
  const std::string mrna = write_mrna("x.tsv", {"a", "b"}, some_value);
  const std::string mirna = write("mirna.tsv", "mirna\ta\tb\nhsa-miR-21-5p\t7\t3\n");
  PairOptions wanted = options({{mrna, Values::linear}}, {{mirna}});
  wanted.samples = write("samples.tsv", "sample\tcohort\tpatient\na\tUVM\tP1\n");
  const TrainingPairs pairs = read_pairs(wanted);
  EXPECT_EQ(pairs.cohorts, (std::vector<std::string>{"UVM", "x"}));
  EXPECT_EQ(pairs.patients, (std::vector<std::string>{"P1", "b"}));
}

TEST_F(ReadPairs, LeavesGenesThatAFileLacksMissing) {
  const std::string whole = write_mrna("whole.tsv", {"a", "b"}, some_value);
  const std::string part = write_mrna("part.tsv", {"c"}, some_value, 900);
  const std::string mirna = write("mirna.tsv", "mirna\ta\tb\tc\nhsa-miR-21-5p\t7\t3\t1\n");
  const TrainingPairs pairs =
      read_pairs(options({{whole, Values::linear}, {part, Values::linear}}, {{mirna}}));
  EXPECT_FALSE(std::isnan(pairs.mrna(950, 0)));
  EXPECT_TRUE(std::isnan(pairs.mrna(950, 2)));
  EXPECT_FALSE(std::isnan(pairs.mrna(899, 2)));
}

TEST_F(ReadPairs, SaysThatNothingPairs) {
  const std::string mrna = write_mrna("x.tsv", {"a", "b"}, some_value);
  const std::string mirna = write("mirna.tsv", "mirna\tc\td\nhsa-miR-21-5p\t7\t3\n");
  const std::string text = message(options({{mrna, Values::linear}}, {{mirna}}));
  EXPECT_NE(text.find("no sample has both mRNA and miRNA: 2 mRNA sample(s), the first 'a'; 2 miRNA "
                      "sample(s), the first 'c'"),
            std::string::npos)
      << text;
}

TEST_F(ReadPairs, RefusesRpmThatWasCalledLogarithms) {
  const std::string mrna = write_mrna("x.tsv", {"a", "b"}, some_value);
  const std::string mirna = write("mirna.tsv", "mirna\ta\tb\nhsa-miR-21-5p\t7000\t3\n");
  const std::string text =
      message(options({{mrna, Values::linear}}, {{mirna, MirnaValues::log2rpm}}));
  EXPECT_NE(text.find("the largest value is 7000 as log2(RPM + 1)"), std::string::npos) << text;
}

TEST_F(ReadPairs, RefusesNegativeRpmNamingSampleAndMirna) {
  const std::string mrna = write_mrna("x.tsv", {"a", "b"}, some_value);
  const std::string mirna = write("mirna.tsv", "mirna\ta\tb\nhsa-miR-21-5p\t7\t-3\n");
  const std::string text = message(options({{mrna, Values::linear}}, {{mirna}}));
  EXPECT_NE(text.find("sample 'b', hsa-miR-21-5p: found -3"), std::string::npos) << text;
}

TEST_F(ReadPairs, StemLoopsGiveEstimatesOfTheirMatureMirnas) {
  const std::string mrna = write_mrna("x.tsv", {"a", "b"}, some_value);
  // miR-16-5p comes from two loci; miR-21 in small letters is its stem-loop.
  const std::string mirna =
      write("mirna.tsv", "mirna\ta\tb\nhsa-mir-21\t7\t3\nhsa-mir-16-1\t7\t0\nhsa-mir-16-2\t8\t3\n");
  const TrainingPairs pairs = read_pairs(options({{mrna, Values::linear}}, {{mirna}}));
  std::map<std::string, std::pair<std::string, float>> found;
  for (std::size_t i = 0; i < pairs.mirnas.size(); ++i) {
    found[pairs.mirnas[i].name] = {pairs.mirnas[i].target, pairs.mirna(static_cast<Index>(i), 0)};
  }
  ASSERT_TRUE(found.contains("hsa-miR-21-5p") && found.contains("hsa-miR-16-5p"));
  EXPECT_EQ(found["hsa-miR-21-5p"], std::pair(std::string("estimated"), 3.0f));
  EXPECT_EQ(found["hsa-miR-16-5p"], std::pair(std::string("estimated"), 4.0f));
}

}  // namespace
}  // namespace sicmir
