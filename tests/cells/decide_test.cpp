// SPDX-License-Identifier: BSD-3-Clause
// The sample that decisions rest on is the same for any number of threads.
#include "cells/decide.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <thread>

namespace sicmir {
namespace {

/// Cells whose name is their position; at most 37 at a time.
class Numbered final : public CellSource {
 public:
  explicit Numbered(Index n_cells) : n_cells_(n_cells) {}

  const SourceDescription& description() const override { return description_; }
  const FeatureTable& features() const override { return features_; }
  std::optional<Index> n_cells() const override { return n_cells_; }
  void select(const GeneSelection&) override {}
  bool can_seek() const override { return true; }
  std::size_t memory_bytes() const override { return 0; }
  void seek(Index cell) override {
    EXPECT_EQ(inside_.fetch_add(1), 0) << "two calls at once";
    next_ = cell;
    inside_ = 0;
  }
  void decode(RawCells& raw, CellBlock& block) const override { ReadyCells::hand_over(raw, block); }
  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override {
    CellBlock& block = ReadyCells::in(raw).block;
    EXPECT_EQ(inside_.fetch_add(1), 0) << "two calls at once";
    const Index first = next_;
    const Index end = std::min(n_cells_, first + std::min<Index>(max_cells, 37));
    block.clear(first);
    for (Index cell = first; cell < end; ++cell) {
      block.cells.push_back(std::to_string(cell));
      block.offsets.push_back(0);
      block.totals.push_back(0.0);
    }
    raw->first = first;
    raw->n_cells = end - first;
    next_ = end;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    inside_ = 0;
    for (const Index bad : damaged) {
      if (first <= bad && bad < end) {
        throw Error(ExitCode::bad_input, "cell " + std::to_string(bad) + " is damaged");
      }
    }
    return end > first;
  }
  std::vector<Index> damaged;
  [[nodiscard]] Index stands_at() const { return next_; }

 private:
  Index n_cells_;
  Index next_ = 0;
  std::atomic<int> inside_ = 0;
  SourceDescription description_;
  FeatureTable features_;
};

std::vector<std::string> names_of(const Sample& sample) {
  std::vector<std::string> names;
  for (const CellBlock& block : sample.blocks) {
    names.insert(names.end(), block.cells.begin(), block.cells.end());
  }
  return names;
}

TEST(TakeSample, Is20RunsOf100CellsInTheirOrderForAnyNumberOfThreads) {
  constexpr Index n_cells = 5'003;
  std::vector<std::string> expected;
  for (Index run = 0; run < 20; ++run) {
    for (Index i = 0; i < 100; ++i) expected.push_back(std::to_string(run * 4'903 / 19 + i));
  }
  ASSERT_EQ(expected.back(), "5002");
  for (const int threads : {1, 2, 7, 64}) {
    Numbered source(n_cells);
    const Sample sample = take_sample(source, 512, threads);
    EXPECT_EQ(names_of(sample), expected) << threads << " threads";
    EXPECT_EQ(sample.n_cells, 2'000);
    EXPECT_FALSE(sample.is_head);
    EXPECT_EQ(source.stands_at(), 0);
  }
}

TEST(TakeSample, NamesTheFirstOfSeveralDamagedPlaces) {
  for (int repeat = 0; repeat < 5; ++repeat) {
    Numbered source(5'003);
    source.damaged = {4'902 * 17 / 19 + 50, 4'903 * 3 / 19 + 60, 5'002};
    try {
      (void)take_sample(source, 512, 4);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()),
                "cell " + std::to_string(4'903 * 3 / 19 + 60) + " is damaged");
    }
  }
}

TEST(TakeSample, IsEverythingWhereThereIsNoMore) {
  Numbered source(1'999);
  const Sample sample = take_sample(source, 512, 4);
  EXPECT_TRUE(sample.is_all);
  EXPECT_TRUE(sample.is_head);
  EXPECT_EQ(sample.n_cells, 1'999);
  const std::vector<std::string> names = names_of(sample);
  ASSERT_EQ(names.size(), 1'999U);
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(names[i], std::to_string(i));
  EXPECT_EQ(source.stands_at(), 1'999);
  Numbered none(0);
  EXPECT_TRUE(take_sample(none, 512, 4).is_all);
}

/// `totals`, one per cell without values.
double median_total_of(const std::vector<double>& totals) {
  Sample sample;
  CellBlock& block = sample.blocks.emplace_back();
  block.clear(0);
  for (const double total : totals) {
    block.cells.emplace_back("c");
    block.offsets.push_back(0);
    block.totals.push_back(total);
  }
  sample.n_cells = block.size();
  const FeatureTable features;
  return sample_facts(sample, GeneSelection::all(features)).median_total;
}

TEST(SampleFacts, MedianTotalIsTheUpperMedianOfFiniteTotals) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(median_total_of({3.0, 1.0, 2.0}), 2.0);
  EXPECT_EQ(median_total_of({4.0, 1.0, 2.0, 3.0}), 3.0);
  EXPECT_EQ(median_total_of({nan, 5.0, infinity, 7.0, -infinity, 9.0}), 7.0);
  EXPECT_TRUE(std::isnan(median_total_of({nan, infinity})));
  EXPECT_TRUE(std::isnan(median_total_of({})));
}

}  // namespace
}  // namespace sicmir
