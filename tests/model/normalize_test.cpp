// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/normalize.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "sicmir/moments.hpp"
#include "support/test_model.hpp"

namespace sicmir {
namespace {

using ::testing::HasSubstr;

/// Cells given gene by gene (6 genes of the small model); totals as given.
CellBlock cells(const std::vector<std::vector<float>>& values, std::vector<double> totals,
                std::vector<double> quartiles = {}) {
  CellBlock block;
  block.clear(0);
  for (std::size_t cell = 0; cell < values.size(); ++cell) {
    for (std::size_t gene = 0; gene < values[cell].size(); ++gene) {
      if (values[cell][gene] == 0.0f) continue;
      block.genes.push_back(static_cast<PanelPosition>(gene));
      block.values.push_back(values[cell][gene]);
    }
    block.offsets.push_back(static_cast<Index>(block.genes.size()));
    block.cells.push_back("cell" + std::to_string(cell));
  }
  block.totals = std::move(totals);
  block.upper_quartiles = std::move(quartiles);
  return block;
}

Normaliser normaliser(Values values, Scale scale = Scale::dataset, double log_base = 2.0) {
  static const GenePanel panel = test::small_model().panel;
  return {values, scale, UnitRecipe{}, log_base, panel, "input.h5ad"};
}

TEST(Normaliser, CountsAreScaledToTenThousandThenLogged) {
  CellBlock block = cells({{1, 0, 20}, {3, 1, 0}}, {1000, 40});
  normaliser(Values::counts).apply(block);
  // ln(1 + 1 * 10) = ln 11, ln(1 + 20 * 10) = ln 201, ln(1 + 3 * 250) = ln 751, ln 251
  EXPECT_FLOAT_EQ(block.values[0], 2.3978953f);
  EXPECT_FLOAT_EQ(block.values[1], 5.3033049f);
  EXPECT_FLOAT_EQ(block.values[2], 6.6214057f);
  EXPECT_FLOAT_EQ(block.values[3], 5.5254529f);
}

// Genes 0, 2, 3 and 5 have 5, 0, 1 and 0, so ranks 4, 1.5, 3 and 1.5; gene 1 is not among them.
TEST(Normaliser, RanksCountWhatIsNotStored) {
  static const GenePanel panel = test::small_model().panel;
  const RankProfile profile{{1, 0, 1, 1, 0, 1}, {10, 20, 30, 40}};
  CellBlock block = cells({{5, 7, 0, 1, 0, 0}, {0, 0, 0, 0, 0, 3}}, {13, 3});
  Normaliser(Values::counts, Scale::reference, UnitRecipe{}, 2.0, panel, "input.h5ad",
             ValuesFrom::user, profile)
      .apply(block);
  EXPECT_EQ(block.offsets, (std::vector<Index>{0, 4, 8}));
  EXPECT_EQ(block.genes, (std::vector<PanelPosition>{0, 2, 3, 5, 0, 2, 3, 5}));
  EXPECT_EQ(block.values, (std::vector<float>{40, 15, 30, 15, 20, 20, 20, 40}));
  CellBlock negative = cells({{5, -1, 0, 1, 0, 0}}, {5});
  EXPECT_THROW(Normaliser(Values::counts, Scale::reference, UnitRecipe{}, 2.0, panel, "input.h5ad",
                          ValuesFrom::user, profile)
                   .apply(negative),
               Error);
}

TEST(Normaliser, LargeAndFractionalCountsFollowTheSameFormula) {
  CellBlock block = cells({{15.5f, 16.0f, 123456.0f}}, {20000});
  normaliser(Values::counts).apply(block);
  EXPECT_FLOAT_EQ(block.values[0], 2.1690538f);   // ln(1 + 7.75)
  EXPECT_FLOAT_EQ(block.values[1], 2.1972246f);   // ln 9
  EXPECT_FLOAT_EQ(block.values[2], 11.0305097f);  // ln(1 + 61728)
}

TEST(Normaliser, LinearIsLoggedAndTheOthersStay) {
  CellBlock linear = cells({{1, 99}}, {100});
  normaliser(Values::linear).apply(linear);
  EXPECT_FLOAT_EQ(linear.values[0], 0.69314718f);
  EXPECT_FLOAT_EQ(linear.values[1], 4.6051702f);
  for (const Values same : {Values::log, Values::zscore}) {
    CellBlock block = cells({{-1.5f, 7.25f}}, {5.75});
    normaliser(same).apply(block);
    EXPECT_THAT(block.values, ::testing::ElementsAre(-1.5f, 7.25f));
  }
}

TEST(Normaliser, TheReferenceUnitIsTheSameForCountsLinearAndLog) {
  // 4 counts of an upper quartile of 16: log2(1 + 1000 * 4 / 16) = log2 251
  const float expected = 7.9715436f;
  CellBlock counts = cells({{4}}, {100}, {16});
  normaliser(Values::counts, Scale::reference).apply(counts);
  EXPECT_FLOAT_EQ(counts.values[0], expected);
  CellBlock linear = cells({{2.5f}}, {100}, {10});
  normaliser(Values::linear, Scale::reference).apply(linear);
  EXPECT_FLOAT_EQ(linear.values[0], expected);
  // log2(x + 1) of 3 and 12
  CellBlock log2 = cells({{2.0f}}, {100}, {std::log2(13.0)});
  normaliser(Values::log, Scale::reference).apply(log2);
  EXPECT_FLOAT_EQ(log2.values[0], expected);
  CellBlock natural = cells({{static_cast<float>(std::log(4.0))}}, {100}, {std::log(13.0)});
  normaliser(Values::log, Scale::reference, std::exp(1.0)).apply(natural);
  EXPECT_NEAR(natural.values[0], expected, 1e-6);
}

TEST(Normaliser, AnEmptyCellStaysZero) {
  CellBlock block = cells({{}, {1}}, {0, 1});
  normaliser(Values::counts).apply(block);
  EXPECT_EQ(block.offsets[1], 0);
}

std::string refusal(Values values, CellBlock block) {
  try {
    normaliser(values).apply(block);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    return error.what();
  }
  return "no error";
}

TEST(Normaliser, NamesTheFirstCellAndGeneThatCannotBe) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(refusal(Values::counts, cells({{1}, {1, 0, -2}}, {1, -1})),
              HasSubstr("input.h5ad: cell 2 ('cell1'), gene GENE2: found -2, but the values were "
                        "taken to be counts, which must be finite and not negative"));
  EXPECT_THAT(refusal(Values::linear, cells({{1, nan}}, {1})), HasSubstr("gene GENE1: found nan"));
  EXPECT_THAT(refusal(Values::log, cells({{1, nan}}, {1})), HasSubstr("gene GENE1: found nan"));
  EXPECT_THAT(refusal(Values::zscore, cells({{1, -infinity}}, {1})), HasSubstr("found -inf"));
  EXPECT_EQ(refusal(Values::log, cells({{-1}}, {-1})), "no error");
}

TEST(Normaliser, WhatWasJudgedFromASampleHasToHoldInEveryCell) {
  const GenePanel panel = test::small_model().panel;
  const auto judged = [&](Values values, CellBlock block) -> std::string {
    const Normaliser normaliser(values, Scale::dataset, UnitRecipe{}, 2.0, panel, "input.h5ad",
                                ValuesFrom::sample);
    try {
      normaliser.check(block);
      normaliser.apply(block);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(judged(Values::counts, cells({{1, 2}}, {7})), "no error");
  EXPECT_THAT(judged(Values::counts, cells({{1}, {2, 0.5F}}, {1, 3})),
              HasSubstr("input.h5ad: cell 2 ('cell1'), gene GENE1: found 0.5, but the sampled "
                        "cells contain whole numbers only, so the values were taken to be "
                        "counts."));
  EXPECT_THAT(judged(Values::counts, cells({{1}}, {1.5})),
              HasSubstr("its total over all genes is 1.5"));
  EXPECT_EQ(judged(Values::log, cells({{0.5F, 30}}, {30.5})), "no error");
  EXPECT_THAT(judged(Values::log, cells({{0.5F, -1}}, {-0.5})), HasSubstr("gene GENE1: found -1"));
  EXPECT_THAT(judged(Values::log, cells({{31}}, {31})), HasSubstr("found 31"));
  EXPECT_EQ(judged(Values::linear, cells({{0.5F, 3000}}, {4000})), "no error");
  EXPECT_EQ(judged(Values::zscore, cells({{-50}}, {-50})), "no error");
}

TEST(Normaliser, NoticesAMissingValueOutsideThePanelByTheTotal) {
  EXPECT_THAT(refusal(Values::counts, cells({{1}}, {std::nan("")})),
              HasSubstr("its total over all genes is nan"));
}

/// Log-normal values with zeros, 6 genes; gene 4 constant, gene 5 always zero.
CellBlock random_cells(Index first, Index n) {
  CellBlock block;
  block.clear(first);
  for (Index cell = first; cell < first + n; ++cell) {
    std::mt19937 generator(static_cast<unsigned>(cell));
    for (PanelPosition gene = 0; gene < 5; ++gene) {
      const double u = static_cast<double>(generator()) / 4294967296.0;
      const float value = gene == 4 ? 3.3f : static_cast<float>(u < 0.6 ? 0.0 : 8.0 * u);
      if (value == 0.0f) continue;
      block.genes.push_back(gene);
      block.values.push_back(value);
    }
    block.offsets.push_back(static_cast<Index>(block.genes.size()));
    block.cells.emplace_back("c");
    block.totals.push_back(1.0);
  }
  return block;
}

GeneMoments moments_in_blocks(Index n_cells, Index block) {
  GeneMoments moments(6);
  for (Index first = 0; first < n_cells; first += block) {
    moments.add(random_cells(first, std::min(block, n_cells - first)));
  }
  moments.finish();
  return moments;
}

TEST(GeneMoments, AreThoseOfThePlainTwoPassFormula) {
  const Index n = 3000;
  const GeneMoments moments = moments_in_blocks(n, 100);
  Eigen::MatrixXd dense = Eigen::MatrixXd::Zero(6, n);
  const CellBlock block = random_cells(0, n);
  for (Index cell = 0; cell < n; ++cell) {
    for (Index i = block.offsets[static_cast<std::size_t>(cell)];
         i < block.offsets[static_cast<std::size_t>(cell) + 1]; ++i) {
      const auto at = static_cast<std::size_t>(i);
      dense(block.genes[at], cell) = static_cast<double>(block.values[at]);
    }
  }
  const Eigen::VectorXd mean = dense.rowwise().mean();
  const Eigen::VectorXd sd =
      (dense.colwise() - mean).array().square().rowwise().mean().sqrt().matrix();
  for (Index gene = 0; gene < 4; ++gene) {
    EXPECT_NEAR(moments.mean()[gene], mean[gene], 1e-12);
    EXPECT_NEAR(moments.sd()[gene], sd[gene], 1e-12);
  }
  EXPECT_EQ(moments.sd()[4], 0.0) << "a constant gene";
  EXPECT_EQ(moments.sd()[5], 0.0) << "a gene that is always zero";
  EXPECT_NEAR(moments.mean()[4], static_cast<double>(3.3f), 1e-12);
}

TEST(GeneMoments, DoNotDependOnReadingBlocksByASingleBit) {
  const GeneMoments whole = moments_in_blocks(2500, 2500);
  for (const Index block : {Index{1}, Index{7}, Index{1000}, Index{1024}}) {
    const GeneMoments parts = moments_in_blocks(2500, block);
    EXPECT_EQ(parts.sum(), whole.sum()) << block;
    EXPECT_EQ(parts.sum_of_squares(), whole.sum_of_squares()) << block;
  }
}

TEST(GeneMoments, SurviveAFile) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("moments-" + std::to_string(::getpid()) + ".h5"))
          .string();
  MomentsFile written{moments_in_blocks(1500, 100),
                      {"A", "B", "C", "D", "E", "F"},
                      Values::linear,
                      {1, 1, 0, 1, 1, 1},
                      std::nullopt};
  write_moments(written, path);
  const MomentsFile read = read_moments(path);
  std::filesystem::remove(path);
  EXPECT_EQ(read.genes, written.genes);
  EXPECT_EQ(read.present, written.present);
  EXPECT_EQ(read.values, Values::linear);
  EXPECT_EQ(read.moments.n_cells(), 1500);
  EXPECT_EQ(read.moments.mean(), written.moments.mean());
  EXPECT_EQ(read.moments.sd(), written.moments.sd());
}

TEST(Standardiser, MissingAndConstantGenesAreZeroTheOthersZScores) {
  Eigen::VectorXd mean(6);
  mean << 1, 2, 3, 4, 5, 6;
  Eigen::VectorXd sd(6);
  sd << 1, 2, 0, 4, 5, std::nan("");
  const std::vector<std::uint8_t> present = {1, 1, 1, 0, 1, 1};
  const CellBlock block = cells({{3, 0, 9, 0, 10, 7}, {0, 2, 0, 0, 0, 0}}, {1, 1});
  Matrix out(6, 2);
  Standardiser(mean, sd, present).apply(block, out);
  EXPECT_EQ(out.col(0), (Eigen::VectorXf(6) << 2, -1, 0, 0, 1, 0).finished());
  EXPECT_EQ(out.col(1), (Eigen::VectorXf(6) << -1, 0, 0, 0, -1, 0).finished());
  EXPECT_FALSE(std::signbit(out(3, 0)));
  Standardiser(6).apply(block, out);
  EXPECT_EQ(out.col(0), (Eigen::VectorXf(6) << 3, 0, 9, 0, 10, 7).finished());
}

}  // namespace
}  // namespace sicmir
