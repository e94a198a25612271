// SPDX-License-Identifier: BSD-3-Clause
#include "genes/sample_ids.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "train/split.hpp"

namespace sicmir::training {
namespace {

TEST(SampleKey, CutsTcgaBarcodesToTheirFirst15Characters) {
  EXPECT_EQ(sample_key("TCGA-OR-A5J1-01A-11R-A29S-07"), "TCGA-OR-A5J1-01");
  EXPECT_EQ(sample_key("TCGA.OR.A5J1.01A.11R"), "TCGA-OR-A5J1-01");
  EXPECT_EQ(sample_key("TCGA-OR-A5J1-11"), "TCGA-OR-A5J1-11");
}

TEST(SampleKey, LeavesOtherIdsWhole) {
  for (const char* id : {"TCGA-OR-A5J1", "patient.17.tumour.01", "TCGA_OR_A5J1_01A", ""}) {
    EXPECT_EQ(sample_key(id), id);
  }
}

TEST(Patient, IsTheFirst12CharactersOfABarcodeOrTheIdItself) {
  EXPECT_EQ(patient_of("TCGA-OR-A5J1-01"), "TCGA-OR-A5J1");
  EXPECT_EQ(patient_of("mouse-free-sample-7"), "mouse-free-sample-7");
}

TEST(SampleTable, GivesCohortAndPatient) {
  const auto path = std::filesystem::path(testing::TempDir()) / "samples.tsv";
  std::ofstream(path) << "patient\tsample\tcohort\r\nP1\tTCGA-OR-A5J1-01A\tACC\r\nP2\tx\tUVM\r\n";
  const SampleTable table = read_sample_table(path.string());
  EXPECT_EQ(table.find("TCGA-OR-A5J1-01").cohort, "ACC");
  EXPECT_EQ(table.find("x").patient, "P2");
  EXPECT_EQ(table.find("y").cohort, "");
}

TEST(SampleTable, NamesTheLineThatIsWrong) {
  const auto path = std::filesystem::path(testing::TempDir()) / "bad.tsv";
  std::ofstream(path) << "sample\tcohort\na\tb\tc\n";
  try {
    (void)read_sample_table(path.string());
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("line 2 has 3 fields; line 1 has 2"),
              std::string::npos);
  }
}

TrainingPairs some_pairs() {
  TrainingPairs pairs;
  for (int patient = 0; patient < 97; ++patient) {
    for (int sample = 0; sample <= patient % 3; ++sample) {
      pairs.samples.push_back(std::to_string(patient) + "-" + std::to_string(sample));
      pairs.patients.push_back(std::to_string(patient));
      pairs.cohorts.push_back(patient % 4 == 0 ? "B" : "A");
    }
  }
  return pairs;
}

std::vector<Index> all(const TrainingPairs& pairs) {
  std::vector<Index> result;
  for (Index i = 0; i < pairs.size(); ++i) result.push_back(i);
  return result;
}

TEST(Folds, NeverDivideAPatientAndAreOfEqualSize) {
  const TrainingPairs pairs = some_pairs();
  const auto folds = deal_folds(pairs, all(pairs), 5, 1);
  std::map<std::string, std::set<Index>> of_patient;
  std::map<std::pair<std::string, Index>, std::set<std::string>> patients;
  for (std::size_t i = 0; i < folds.size(); ++i) {
    of_patient[pairs.patients[i]].insert(folds[i]);
    patients[{pairs.cohorts[i], folds[i]}].insert(pairs.patients[i]);
  }
  for (const auto& [patient, numbers] : of_patient) EXPECT_EQ(numbers.size(), 1U) << patient;
  for (const auto& [where, names] : patients) {
    const double wanted = where.first == "A" ? 72.0 / 5 : 25.0 / 5;
    EXPECT_NEAR(static_cast<double>(names.size()), wanted, 1.0);
  }
}

TEST(Folds, DependOnTheSeedAndNotOnTheOrderOfSamples) {
  TrainingPairs pairs = some_pairs();
  const auto folds = deal_folds(pairs, all(pairs), 5, 1);
  EXPECT_EQ(deal_folds(pairs, all(pairs), 5, 1), folds);
  EXPECT_NE(deal_folds(pairs, all(pairs), 5, 2), folds);
  std::reverse(pairs.patients.begin(), pairs.patients.end());
  std::reverse(pairs.cohorts.begin(), pairs.cohorts.end());
  auto reversed = deal_folds(pairs, all(pairs), 5, 1);
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(reversed, folds);
}

TEST(HoldOut, TakesWholePatientsOfEveryCohort) {
  const TrainingPairs pairs = some_pairs();
  const Split split = hold_out(pairs, all(pairs), 0.2, 3);
  EXPECT_EQ(split.train.size() + split.held_out.size(), pairs.samples.size());
  EXPECT_EQ(count_patients(pairs, split.held_out), 19);  // 0.2 x 97
  EXPECT_EQ(count_patients(pairs, split.train), 78);
  std::set<std::string> cohorts;
  for (const Index sample : split.held_out) {
    cohorts.insert(pairs.cohorts[static_cast<std::size_t>(sample)]);
  }
  EXPECT_EQ(cohorts.size(), 2U);
}

TEST(HoldOut, RefusesToHoldOutEverybody) {
  TrainingPairs pairs;
  pairs.samples = {"a"};
  pairs.patients = {"a"};
  pairs.cohorts = {"A"};
  EXPECT_THROW((void)hold_out(pairs, all(pairs), 0.1, 1), Error);
  EXPECT_EQ(hold_out(pairs, all(pairs), 0.0, 1).train.size(), 1U);
}

}  // namespace
}  // namespace sicmir::training
