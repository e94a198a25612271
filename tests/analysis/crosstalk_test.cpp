// SPDX-License-Identifier: BSD-3-Clause
// Expected values by hand, by drawing matched sets, or those of find_markers(), which limma checks.
#include "analysis/crosstalk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "sicmir/reference_tables.hpp"

namespace sicmir {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Index n_fillers = 200;
const std::vector<std::string> group_names = {"a", "b", "c"};

std::vector<std::string> ev_symbols() {
  std::ifstream file(find_data_file("ev_genes.tsv"));
  std::string line;
  std::getline(file, line);
  std::vector<std::string> symbols;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string set;
    std::string term;
    std::string symbol;
    fields >> set >> term >> symbol;
    symbols.push_back(symbol);
  }
  return symbols;
}

/// 37 genes of vesicles and RISC, 200 fillers F0 .. F199; three groups in each sample. hsa-miR-1 is
/// 3 z in a, 0 in b and 1 in c, and its targets, every 12th filler up to F144, have half the counts
/// in b. Vesicles rank b > a > c, RISC c > b > a.
class World {
 public:
  explicit World(int n_samples, double target_share = 0.5) {
    const std::vector<std::string> ev = ev_symbols();
    profiles_.genes.columns = {{"_index", ev}};
    for (Index i = 0; i < n_fillers; ++i) {
      profiles_.genes.columns[0].ids.push_back("F" + std::to_string(i));
    }
    for (const char* name : {"hsa-miR-1", "hsa-miR-2", "hsa-miR-3"}) {
      profiles_.mirnas.push_back({name, "", "", 5, 2, {}});
    }
    for (int s = 0; s < n_samples; ++s) add_sample(s, target_share);
    for (const std::int32_t mirna : {0, 1}) {
      for (Index i = 0; i <= 144; i += 12) {
        const Index shift = mirna == 0 ? 0 : 5;  // the second has targets like all genes
        edges_.push_back(
            {mirna, static_cast<std::int32_t>(ev.size() + static_cast<std::size_t>(i + shift))});
      }
    }
  }

  [[nodiscard]] Crosstalk find(const CrosstalkOptions& options) const {
    return find_crosstalk(profiles_, edges_,
                          std::vector<std::uint8_t>(static_cast<std::size_t>(profiles_.n_genes())),
                          options);
  }
  [[nodiscard]] Profiles& profiles() { return profiles_; }

 private:
  void add_sample(int s, double target_share) {
    for (std::size_t g = 0; g < group_names.size(); ++g) {
      Profile& profile = profiles_.profiles.emplace_back();
      profile.sample = "s" + std::to_string(s + 1);
      profile.group = group_names[g];
      profile.n_cells = 100;
      const std::size_t n_ev = profiles_.genes.columns[0].ids.size() - n_fillers;
      for (std::size_t i = 0; i < n_ev; ++i) {
        const double vesicles = std::vector<double>{5e4, 4e5, 2e4}[g];
        const double risc = std::vector<double>{5e4, 4e5, 3e5}[g];
        profile.counts.push_back(i < 25 ? vesicles : risc);
      }
      for (Index i = 0; i < n_fillers; ++i) {
        const bool is_target = i % 12 == 0 && i <= 144;
        double count = 1000.0 * (1.0 + 0.05 * static_cast<double>((i * 7 + s) % 5) *
                                           static_cast<double>(g == 1));
        if (g == 1 && is_target) count *= target_share * (1.0 + 0.02 * s);
        profile.counts.push_back(std::round(count));
      }
      profile.n_counts = 0;
      for (const double count : profile.counts) profile.n_counts += count;
      profile.n_detected.assign(profile.counts.size(), 50);
      const Index column = profiles_.size() - 1;
      profiles_.z.conservativeResize(3, profiles_.size());
      const auto noise = static_cast<float>(0.05 * ((s * 5 + static_cast<int>(g) * 3) % 7 - 3));
      profiles_.z(0, column) = std::vector<float>{3, 0, 1}[g] + noise + static_cast<float>(s);
      profiles_.z(1, column) = noise;
      profiles_.z(2, column) = -2 * noise;
    }
  }

  Profiles profiles_;
  std::vector<TargetEdge> edges_;
};

CrosstalkOptions sorted_cells() {
  CrosstalkOptions options;
  options.labels_from = LabelsFrom::sorting;
  options.weight_cells = 0;
  options.moderation = statistics::Moderation::plain;
  return options;
}

const CrosstalkTriple& triple_of(const Crosstalk& found, int sender, int receiver, int mirna) {
  for (const CrosstalkTriple& triple : found.triples) {
    if (triple.sender == sender && triple.receiver == receiver && triple.mirna == mirna) {
      return triple;
    }
  }
  throw std::out_of_range("no such triple");
}

/// log2 counts per million as the page states it.
double log_cpm(const Profile& profile, std::size_t gene) {
  return std::log2(1e6 * (profile.counts[gene] + 0.5) / (profile.n_counts + 1));
}

/// How much lower a gene is in b than, on average, in a and c of the sample.
double gene_deficit(const Profiles& profiles, std::size_t sample, std::size_t gene) {
  const auto level = [&](std::size_t g) {
    return log_cpm(profiles.profiles[3 * sample + g], gene);
  };
  return (level(0) + level(2)) / 2 - level(1);
}

/// Bins of the 237 genes by their level elsewhere: fillers, which are alike there, in their order.
Index bin_of(Index filler) {
  return filler * 20 / 237;
}

TEST(FindCrosstalk, ScoresATripleByHand) {
  World world(4);
  const Crosstalk found = world.find(sorted_cells());
  const CrosstalkTriple& triple = triple_of(found, 0, 1, 0);
  const Profiles& profiles = world.profiles();

  // Per sample: excess over the larger of b and the mean of the others, times V(a) = 2/3 (the
  // second of three), R(b) = 2/3, and the deficit less that of the rest of each bin.
  double score = 0;
  double deficit = 0;
  double over_receiver = 0;
  double over_others = 0;
  for (std::size_t s = 0; s < 4; ++s) {
    const auto z = [&](std::size_t g) {
      return static_cast<double>(profiles.z(0, static_cast<Index>(3 * s + g)));
    };
    double own = 0;
    double matched = 0;
    for (Index target = 0; target <= 144; target += 12) {
      own += gene_deficit(profiles, s, static_cast<std::size_t>(37 + target)) / 13;
      double sum = 0;
      double n = 0;
      for (Index other = 0; other < n_fillers; ++other) {
        if (bin_of(other) != bin_of(target) || (other % 12 == 0 && other <= 144)) continue;
        sum += gene_deficit(profiles, s, static_cast<std::size_t>(37 + other));
        ++n;
      }
      matched += sum / n / 13;
    }
    const double excess = z(0) - std::max(z(1), (z(1) + z(2)) / 2);
    score += 2.0 / 3 * excess * 2.0 / 3 * (own - matched) / 4;
    deficit += (own - matched) / 4;
    over_receiver += (z(0) - z(1)) / 4;
    over_others += (z(0) - (z(1) + z(2)) / 2) / 4;
  }
  EXPECT_GT(deficit, 0.9);
  EXPECT_NEAR(triple.deficit, deficit, 1e-5);
  EXPECT_NEAR(triple.score, score, 1e-5);
  EXPECT_NEAR(triple.over_receiver, over_receiver, 1e-6);
  EXPECT_NEAR(triple.over_others, over_others, 1e-6);
  EXPECT_EQ(triple.n_targets, 13);
  EXPECT_EQ(triple.agreement, 1);
  EXPECT_NEAR(found.groups[0].ev_rank, 2.0 / 3, 1e-12);
  EXPECT_NEAR(found.groups[1].risc_rank, 2.0 / 3, 1e-12);
  EXPECT_NEAR(found.groups[2].ev_rank, 1.0 / 3, 1e-12);
}

TEST(FindCrosstalk, TheSendersPIsThatOfMarkersOneSided) {
  World world(6);
  const CrosstalkOptions options = sorted_cells();
  const CrosstalkTriple triple = triple_of(world.find(options), 0, 1, 0);
  MarkerOptions marker_options;
  marker_options.labels_from = LabelsFrom::sorting;
  marker_options.weight_cells = 0;
  marker_options.moderation = statistics::Moderation::plain;
  marker_options.min_difference = options.min_excess;
  const MarkerSet markers = find_markers(world.profiles(), marker_options);
  for (const Marker& marker : markers.groups[0].markers) {
    if (marker.mirna != 0) continue;
    // 2.5 z over the others is less certain than 3 z over b. The other tail is far off.
    EXPECT_NEAR(triple.p_sender / marker.p, 1, 1e-3);
  }
  EXPECT_LT(triple.p_sender, 1e-3);
}

TEST(FindCrosstalk, PAgainstSetsIsThatOfDrawingThem) {
  World world(5, 0.97);
  const Crosstalk found = world.find(sorted_cells());
  const CrosstalkTriple& triple = triple_of(found, 0, 1, 0);
  // Means over the samples of each gene's deficit, and how those of random sets of the same bins,
  // less the rest of the bins, spread.
  std::vector<double> means;
  for (Index filler = 0; filler < n_fillers; ++filler) {
    double sum = 0;
    for (std::size_t s = 0; s < 5; ++s) {
      sum += gene_deficit(world.profiles(), s, static_cast<std::size_t>(37 + filler)) / 5;
    }
    means.push_back(sum);
  }
  std::mt19937 generator(1);
  double squares = 0;
  constexpr int n_draws = 20000;
  for (int draw = 0; draw < n_draws; ++draw) {
    double value = 0;
    for (Index target = 0; target <= 144; target += 12) {
      std::vector<double> pool;
      for (Index other = 0; other < n_fillers; ++other) {
        const bool is_target = other % 12 == 0 && other <= 144;
        if (bin_of(other) == bin_of(target) && !is_target) {
          pool.push_back(means[static_cast<std::size_t>(other)]);
        }
      }
      double mean = 0;
      for (const double one : pool) mean += one / static_cast<double>(pool.size());
      value += (pool[generator() % pool.size()] - mean) / 13;
    }
    squares += value * value;
  }
  const double spread = std::sqrt(squares / n_draws);
  const double z = triple.deficit / spread;
  // Sets of 1 of 10 or 11 genes: the rest's own mean adds a tenth to the variance, and it is
  // estimated with one degree of freedom less.
  const double expected = 0.5 * std::erfc(z / 1.095 / std::sqrt(2.0));
  EXPECT_NEAR(std::log(triple.p_sets), std::log(expected), 0.25);
  EXPECT_GT(triple.p_sets, 1e-6);
}

TEST(FindCrosstalk, FindsTheTripleThatWasMadeAndNoOther) {
  World world(6);
  const Crosstalk found = world.find(sorted_cells());
  EXPECT_THAT(found.why_no_p, IsEmpty());
  // 6 ordered pairs of groups and two miRNAs; but seen from a and c, the first one's targets are in
  // bins of their own (b, low, is half of what is elsewhere), so that nothing is left to match.
  EXPECT_THAT(found.triples, SizeIs(8));
  EXPECT_EQ(found.n_tests, 8);
  EXPECT_EQ(found.n_mirnas, 2);
  EXPECT_EQ(found.n_called, 1);
  for (const CrosstalkTriple& triple : found.triples) {
    const bool is_made = triple.receiver == 1 && triple.mirna == 0 && triple.sender == 0;
    EXPECT_EQ(triple.fdr <= called_fdr, is_made)
        << triple.sender << triple.receiver << triple.mirna;
    if (std::isnan(triple.p)) continue;
    EXPECT_DOUBLE_EQ(triple.p, std::max({triple.p_sender, triple.p_samples, triple.p_sets}));
  }
  EXPECT_EQ(found.controls.n_reverse, 0);
  EXPECT_EQ(found.controls.n_at_cutoff, found.n_called);
  EXPECT_LT(found.controls.n_shuffled, 0.5);
}

TEST(FindCrosstalk, ClustersAndFewSamplesGetScoresButNoP) {
  World world(4);
  CrosstalkOptions options = sorted_cells();
  options.labels_from = LabelsFrom::clusters;
  Crosstalk found = world.find(options);
  EXPECT_THAT(found.why_no_p, HasSubstr("clustering"));
  EXPECT_TRUE(std::isnan(triple_of(found, 0, 1, 0).p));
  EXPECT_GT(triple_of(found, 0, 1, 0).score, 1);
  EXPECT_EQ(found.n_tests, 0);

  World small(2);
  found = small.find(sorted_cells());
  EXPECT_THAT(found.why_no_p, HasSubstr("no two groups are together in 3 samples"));
  EXPECT_TRUE(std::isnan(triple_of(found, 0, 1, 0).p_sender));
  EXPECT_GT(triple_of(found, 0, 1, 0).score, 1);
}

TEST(FindCrosstalk, ComparesConditions) {
  // Odd samples with half the counts of targets in b, even samples with all of them.
  World low(8);
  World equal(8, 1.0);
  Profiles& profiles = low.profiles();
  for (std::size_t i = 0; i < profiles.profiles.size(); ++i) {
    Profile& profile = profiles.profiles[i];
    const bool is_condition = i / 3 % 2 == 0;
    profile.condition = is_condition ? "tumour" : "normal";
    if (is_condition) continue;
    profile.counts = equal.profiles().profiles[i].counts;
    profile.n_counts = equal.profiles().profiles[i].n_counts;
    // a sends in the condition alone.
    if (profile.group == "a") profiles.z(0, static_cast<Index>(i)) -= 2;
  }
  CrosstalkOptions options = sorted_cells();
  options.condition = "tumour";
  options.reference = "normal";
  const Crosstalk found = low.find(options);
  const CrosstalkTriple& triple = triple_of(found, 0, 1, 0);
  EXPECT_NEAR(triple.over_receiver, 2, 0.2);
  EXPECT_NEAR(triple.deficit, 1, 0.1);
  EXPECT_LT(triple.fdr, 0.05);
  EXPECT_GT(triple.score, 10 * std::fabs(triple.score_reference));
  for (const CrosstalkTriple& other : found.triples) {
    if (other.receiver == 1 && other.mirna == 0) continue;
    EXPECT_GT(other.fdr, 0.05);
  }
  options.condition = "tumor";
  EXPECT_THROW(
      try { (void)low.find(options); } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        EXPECT_THAT(error.what(), HasSubstr("Did you mean 'tumour'?"));
        throw;
      },
      Error);
}

TEST(FindCrosstalk, TooFewGenesOfVesiclesAreNamed) {
  World world(4);
  std::vector<std::string>& names = world.profiles().genes.columns[0].ids;
  for (std::size_t i = 0; i < 11; ++i) names[i] = "X" + std::to_string(i);
  EXPECT_THROW(
      try { (void)world.find(sorted_cells()); } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::bad_input);
        EXPECT_THAT(error.what(), HasSubstr("only 14 of the 25 genes"));
        EXPECT_THAT(error.what(), HasSubstr("15 are needed"));
        EXPECT_THAT(error.what(), HasSubstr("ARRDC1"));
        throw;
      },
      Error);
  names[0] = "ARRDC1";  // 15 will do
  EXPECT_EQ(world.find(sorted_cells()).ev.biogenesis.genes.size(), 15U);
}

TEST(FindCrosstalk, OlderSymbolsOfVesicleGenesAreKnown) {
  World world(3);
  for (std::string& name : world.profiles().genes.columns[0].ids) {
    if (name == "PRKN") name = "PARK2";
    if (name == "AGO2") name = "ENSG00000123908.12";
  }
  const Crosstalk found = world.find(sorted_cells());
  EXPECT_THAT(found.ev.biogenesis.not_here, IsEmpty());
  EXPECT_THAT(found.ev.risc.not_here, IsEmpty());
}

TEST(FindCrosstalk, GroupsThatNeverMeetAreRefused) {
  World world(3);
  for (Profile& profile : world.profiles().profiles) {
    profile.below_floor = profile.group != "b";
  }
  EXPECT_THROW(
      try { (void)world.find(sorted_cells()); } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("no sample holds two groups"));
        throw;
      },
      Error);
}

}  // namespace
}  // namespace sicmir
