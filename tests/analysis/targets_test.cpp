// SPDX-License-Identifier: BSD-3-Clause
// Lines in the form of each source's own files; the headers are the sources' own.
#include "analysis/targets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sicmir/reference_tables.hpp"
#include "support/scratch.hpp"

namespace sicmir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<ProfileMirna> mirnas_of(const std::vector<std::string>& names) {
  std::vector<ProfileMirna> mirnas;
  for (const std::string& name : names) mirnas.emplace_back().name = name;
  return mirnas;
}

const std::vector<ProfileMirna>& few() {
  static const std::vector<ProfileMirna> mirnas = mirnas_of(
      {"hsa-miR-21-5p", "hsa-let-7a-5p", "hsa-miR-103a-3p", "hsa-miR-107", "hsa-miR-375-3p"});
  return mirnas;
}

TargetTable read(const std::string& text, const TargetOptions& options = {},
                 const std::string& name = "targets.txt") {
  const test::Scratch folder;
  test::put(folder / name, text);
  return read_targets(folder / name, few(), options);
}

std::string refusal(const std::string& text, const std::string& name = "targets.txt") {
  try {
    (void)read(text, {}, name);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_THAT(error.what(), HasSubstr(name));
    return error.what();
  }
  return "";
}

/// "hsa-miR-21-5p PTEN strong"
std::vector<std::string> words(const TargetTable& table) {
  std::vector<std::string> lines;
  for (const TargetPair& pair : table.pairs) {
    const TargetGene& gene = table.genes[static_cast<std::size_t>(pair.gene)];
    lines.push_back(few()[static_cast<std::size_t>(pair.mirna)].name + " " +
                    (gene.symbol.empty() ? gene.ensembl_id + gene.entrez_id : gene.symbol) + " " +
                    std::string(to_string(pair.evidence)));
  }
  return lines;
}

Index left_out(const TargetTable& table, LeftOut reason) {
  return table.left_out[static_cast<std::size_t>(reason)];
}

TEST(ReadTargets, TakesMirtarbaseByItsSupport) {
  const TargetTable table = read(
      "miRTarBase ID,miRNA,Species (miRNA),Target Gene,Target Gene (Entrez ID),Species (Target "
      "Gene),Experiments,Support Type,References (PMID)\n"
      "MIRT1,hsa-miR-21-5p,Homo sapiens,PTEN,5728,Homo sapiens,\"Western blot, qPCR\",Functional "
      "MTI,1\n"
      "MIRT1,hsa-miR-21-5p,Homo sapiens,PTEN,5728,Homo sapiens,HITS-CLIP,Functional MTI "
      "(Weak),2\n"
      "MIRT2,hsa-let-7a-5p,Homo sapiens,HMGA2,8091,Homo sapiens,CLASH,Functional MTI (Weak),3\n"
      "MIRT3,hsa-let-7a-5p,Homo sapiens,MYC,4609,Homo sapiens,qRT-PCR,Non-Functional MTI,4\n"
      "MIRT4,mmu-miR-21a-5p,Mus musculus,Pten,19211,Mus musculus,qRT-PCR,Functional MTI,5\n"
      "MIRT5,hsa-miR-9-5p,Homo sapiens,NFKB1,4790,Homo sapiens,qRT-PCR,Functional MTI,6\n");
  EXPECT_EQ(table.format, "miRTarBase");
  EXPECT_THAT(words(table), ElementsAre("hsa-miR-21-5p PTEN strong", "hsa-let-7a-5p HMGA2 weak"));
  EXPECT_EQ(table.genes[0].entrez_id, "5728");
  EXPECT_EQ(table.n_lines, 6);
  EXPECT_EQ(left_out(table, LeftOut::not_functional), 1);
  EXPECT_EQ(left_out(table, LeftOut::other_species), 1);
  EXPECT_EQ(left_out(table, LeftOut::not_predicted), 1);
  EXPECT_THAT(describe(table),
              ElementsAre("miRTarBase, 6 lines: 2 pairs (1 strong, 1 weak) of 2 miRNAs",
                          "1 left out of other species (e.g. 'Mus musculus')",
                          HasSubstr("1 left out that the source does not call functional"),
                          "1 left out of miRNAs that are not predicted (e.g. 'hsa-miR-9-5p')"));
}

TEST(ReadTargets, TakesTarbase8And9AndLeavesOutWhatGoesUp) {
  const TargetTable eight = read(
      "geneId\tgeneName\tmirna\tspecies\tcell_line\ttissue\tcategory\tmethod\tpositive_negative\t"
      "direct_indirect\tup_down\tcondition\n"
      "ENSG00000171862\tPTEN\thsa-miR-21-5p\tHomo sapiens\t\t\t\tLuciferase Reporter "
      "Assay\tPOSITIVE\tDIRECT\tDOWN\t\n"
      "ENSG00000149948\tHMGA2\thsa-let-7a-5p\tHomo sapiens\t\t\t\tHITS-CLIP\tPOSITIVE\tDIRECT\t"
      "DOWN\t\n"
      "ENSG00000136997\tMYC\thsa-let-7a-5p\tHomo sapiens\t\t\t\tqPCR\tPOSITIVE\tINDIRECT\tDOWN\t\n"
      "ENSG00000136997\tMYC\thsa-miR-21-5p\tHomo sapiens\t\t\t\tqPCR\tPOSITIVE\tDIRECT\tUP\t\n"
      "ENSG00000136997\tMYC\thsa-miR-107\tHomo sapiens\t\t\t\tqPCR\tNEGATIVE\tDIRECT\tDOWN\t\n");
  EXPECT_THAT(words(eight), ElementsAre("hsa-miR-21-5p PTEN strong", "hsa-let-7a-5p HMGA2 weak",
                                        "hsa-let-7a-5p MYC weak"));
  EXPECT_EQ(left_out(eight, LeftOut::not_functional), 2);
  EXPECT_EQ(eight.genes[0].ensembl_id, "ENSG00000171862");

  const TargetTable nine = read(
      "species\tmirna_name\tmirna_id\tgene_name\tgene_id\texperimental_method\tregulation\n"
      "Homo sapiens\thsa-miR-21-5p\tMIMAT0000076\tPTEN\tENSG00000171862\tWestern "
      "blot\tNegative\n"
      "Homo sapiens\thsa-miR-21-5p\tMIMAT0000076\tMYC\tENSG00000136997\tHITS-CLIP\tPositive\n");
  EXPECT_THAT(words(nine), ElementsAre("hsa-miR-21-5p PTEN strong"));
}

TEST(ReadTargets, TakesEncoriBehindItsComments) {
  const TargetTable table = read(
      "#please cite:\n#1. Li JH, et al.\n"
      "miRNAid\tmiRNAname\tgeneID\tgeneName\tgeneType\tclipExpNum\tdegraExpNum\n"
      "MIMAT0000076\thsa-miR-21-5p\tENSG00000171862\tPTEN\tprotein_coding\t3\t1\n");
  EXPECT_EQ(table.format, "ENCORI");
  EXPECT_THAT(words(table), ElementsAre("hsa-miR-21-5p PTEN weak"));
}

TEST(ReadTargets, TakesTargetscanBySiteSeedAndFamily) {
  EXPECT_THAT(words(read("Gene ID\tGene Symbol\tTranscript ID\tGene Tax ID\tmiRNA\tSite "
                         "Type\tcontext++ score\n"
                         "ENSG00000171862.9\tPTEN\tENST1.1\t9606\thsa-miR-21-5p\t3\t-0.4\n"
                         "ENSMUSG00000013663.1\tPten\tENSM1.1\t10090\tmmu-miR-21a-5p\t3\t-0.4\n")),
              ElementsAre("hsa-miR-21-5p PTEN predicted"));
  // hsa-miR-103a-3p AGCAGCAUUGUACAGGGCUAUGA and hsa-miR-107 share bases 2 to 8.
  EXPECT_THAT(words(read("Transcript ID\tGene Symbol\tmiRNA family\tSpecies ID\tTotal num "
                         "conserved sites\tRepresentative miRNA\n"
                         "ENST1\tDICER1\tGCAGCAU\t9606\t2\thsa-miR-107\n"
                         "ENST1\tDICER1\tGCAGCAU\t10090\t2\tmmu-miR-107\n")),
              ElementsAre("hsa-miR-103a-3p DICER1 predicted", "hsa-miR-107 DICER1 predicted"));
  EXPECT_THAT(
      words(read("miR Family\tGene ID\tGene Symbol\tSpecies ID\tPCT\n"
                 "miR-103-3p/107\tENSG00000100697.10\tDICER1\t9606\t0.9\n"
                 "let-7-5p/98-5p\tENSG00000149948.9\tHMGA2\t9606\t0.9\n")),
      UnorderedElementsAre("hsa-miR-103a-3p DICER1 predicted", "hsa-miR-107 DICER1 predicted",
                           "hsa-let-7a-5p HMGA2 predicted"));
}

TEST(ReadTargets, TakesMirdbWithATableOfTranscripts) {
  const std::string lines = "hsa-miR-21-5p\tNM_000314\t98.5\nmmu-miR-1a-3p\tNM_1\t60\n";
  EXPECT_THAT(refusal(lines), HasSubstr("names targets by transcripts"));
  const test::Scratch folder;
  test::put(folder / "genes.tsv", "transcript\tsymbol\nNM_000314.8\tPTEN\n");
  const TargetTable table = read(lines, {.transcripts = folder / "genes.tsv"});
  EXPECT_THAT(words(table), ElementsAre("hsa-miR-21-5p PTEN predicted"));
  EXPECT_THAT(words(read("Target Rank,Target Score,miRNA Name,Gene Symbol,Gene Description\n"
                         "1,99,hsa-miR-21-5p,YOD1,\"YOD1, deubiquitinase\"\n")),
              ElementsAre("hsa-miR-21-5p YOD1 predicted"));
}

TEST(ReadTargets, TakesMultimirAsRWritesIt) {
  const TargetTable table = read(
      "\"\",\"database\",\"mature_mirna_acc\",\"mature_mirna_id\",\"target_symbol\",\"target_"
      "entrez\",\"target_ensembl\",\"experiment\",\"support_type\",\"pubmed_id\",\"type\"\n"
      "\"1\",\"mirtarbase\",\"MIMAT0000076\",\"hsa-miR-21-5p\",\"PTEN\",\"5728\","
      "\"ENSG00000171862\",\"Western blot\",\"Functional MTI\",\"1\",\"validated\"\n"
      "\"2\",\"tarbase\",\"MIMAT0000062\",\"hsa-let-7a-5p\",\"MYC\",\"4609\",NA,\"HITS-CLIP\","
      "\"positive\",\"2\",\"validated\"\n"
      "\"3\",\"targetscan\",\"MIMAT0000062\",\"hsa-let-7a-5p\",\"MYC\",\"4609\",NA,NA,NA,NA,"
      "\"predicted\"\n"
      "\"4\",\"mir2disease\",\"MIMAT0000062\",\"hsa-let-7a-5p\",\"KRAS\",\"3845\",NA,NA,NA,NA,"
      "\"disease.drug\"\n");
  EXPECT_EQ(table.format, "multiMiR");
  EXPECT_THAT(words(table), ElementsAre("hsa-miR-21-5p PTEN strong", "hsa-let-7a-5p MYC weak",
                                        "hsa-let-7a-5p MYC predicted"));
  EXPECT_EQ(left_out(table, LeftOut::no_kind), 1);
  // write.table() names the lines, but not their column.
  EXPECT_THAT(words(read("mirna\ttarget\tevidence\n1\thsa-miR-21-5p\tPTEN\tstrong\n")),
              ElementsAre("hsa-miR-21-5p PTEN strong"));
}

TEST(ReadTargets, TakesGmtByNameByFoldedNameAndByMotif) {
  const TargetTable table = read(
      "hsa-miR-21-5p\tx\tPTEN\tPDCD4\n"
      "MIR103A_3P\thttp://www.gsea-msigdb.org\tDICER1\n"
      "LET_7A_5P\thttp://www.gsea-msigdb.org\tHMGA2\n"
      "CTACCTC_LET7A_LET7B\thttp://www.gsea-msigdb.org\tMYC\n"
      "HALLMARK_HYPOXIA\thttp://www.gsea-msigdb.org\tVEGFA\n",
      {}, "sets.gmt");
  EXPECT_THAT(words(table),
              UnorderedElementsAre("hsa-miR-21-5p PTEN predicted", "hsa-miR-21-5p PDCD4 predicted",
                                   "hsa-miR-103a-3p DICER1 predicted",
                                   "hsa-let-7a-5p HMGA2 predicted", "hsa-let-7a-5p MYC predicted"));
  EXPECT_TRUE(table.kind_assumed);
  EXPECT_THAT(words(read("hsa-miR-21-5p\tx\tPTEN\n", {.unstated = Evidence::strong}, "a.gmt")),
              ElementsAre("hsa-miR-21-5p PTEN strong"));
}

TEST(ReadTargets, TakesPlainTablesAndNamesOfAllReleases) {
  const TargetTable table = read(
      "miRNA;target;evidence\nhsa-miR-21;PTEN;strong\nMIMAT0000076;PDCD4;weak\n"
      "miR-21-5p;SPRY1;\nhsa-miR‑21–5p;SPRY2;weak\nhsa-miR-375;JAK2;Predicted\nhsa-mir-21-5p;RECK;"
      "weak\n"
      "hsa-mir-21;X1;weak\nhsa-miR-455;X2;weak\nhsa-miR-21-5p;X3;strange\nhsa-miR-107;;weak\n",
      {.unstated = Evidence::weak});
  EXPECT_THAT(words(table),
              ElementsAre("hsa-miR-21-5p PTEN strong", "hsa-miR-21-5p PDCD4 weak",
                          "hsa-miR-21-5p SPRY1 weak", "hsa-miR-21-5p SPRY2 weak",
                          "hsa-miR-21-5p RECK weak", "hsa-miR-375-3p JAK2 predicted"));
  EXPECT_EQ(left_out(table, LeftOut::no_arm), 2);
  EXPECT_EQ(left_out(table, LeftOut::no_kind), 1);
  EXPECT_EQ(left_out(table, LeftOut::no_gene), 1);
}

TEST(ReadTargets, RefusesWhatItCannotTake) {
  EXPECT_THAT(refusal(""), HasSubstr("is empty"));
  EXPECT_THAT(refusal("PK\x03\x04rest"), HasSubstr("zip archive or an Excel workbook"));
  EXPECT_THAT(refusal(std::string("\x89HDF\r\n\x1a\n\0\0", 10)), HasSubstr("is not text"));
  EXPECT_THAT(refusal("gene\tcell_1\nA\t3\n"), HasSubstr("line 1: has 'gene\tcell_1'; expected"));
  EXPECT_THAT(refusal("mirna\ttarget\n"), HasSubstr("has a header, but no line"));
  EXPECT_THAT(refusal("mirna\ttarget\nhsa-miR-21-5p\tPTEN\nhsa-miR-21-5p\n"),
              HasSubstr("line 3: has 1 fields; expected 2"));
  EXPECT_THAT(refusal("mirna\ttarget\nmmu-miR-21a-5p\tPten\n"),
              HasSubstr("holds no target of the 5 predicted miRNAs"));
  EXPECT_THAT(refusal("mirna\ttarget\nhsa-miR-21-5p\t" + std::string(300, 'A') + "\n"),
              HasSubstr("line 2: names a gene by more than 200"));
  EXPECT_THAT(refusal("HALLMARK_HYPOXIA\tx\n", "a.gmt"), HasSubstr("line 1: has 2 fields"));
  EXPECT_THAT(refusal("mirna\ttarget\n" + std::string(std::size_t{17} << 20, 'x')),
              HasSubstr("line 2 is longer than 16 MiB"));
}

TEST(ReadTargets, ReadsTheBundledMotifs) {
  std::vector<ProfileMirna> all;
  for (const ReferenceMirna& one : reference_mirnas()) {
    all.emplace_back().name = one.name;
    all.back().mimat = one.accession;
  }
  const TargetTable table = bundled_targets(all);
  EXPECT_EQ(table.pairs.size(), 78903U);  // figures of the table's maker
  EXPECT_EQ(table.genes.size(), 7246U);
  EXPECT_EQ(table.count(Evidence::predicted), 78903);
  std::set<std::int32_t> mirnas;
  for (const TargetPair& pair : table.pairs) mirnas.insert(pair.mirna);
  EXPECT_EQ(mirnas.size(), 337U);
  EXPECT_TRUE(std::is_sorted(table.pairs.begin(), table.pairs.end()));
  EXPECT_THAT(table.source, HasSubstr("CC BY 4.0"));
}

Profiles with_genes(const std::vector<std::string>& ids, const std::vector<std::string>& symbols) {
  Profiles profiles;
  profiles.mirnas = few();
  profiles.genes.columns = {{"id", ids}, {"symbol", symbols}};
  return profiles;
}

// MYC is a gene of the panel, ENSG00000171862 PTEN is not; PA28A is an older name of PSME1, which
// is.
TEST(TargetEdges, AreMeasuredAndOutsideOfThePanel) {
  const Profiles profiles =
      with_genes({"ENSG00000171862.9", "ENSG1", "ENSG2", "ENSG00000136997", "PA28A"},
                 {"PTEN", "TWICE", "TWICE", "MYC", "PA28A"});
  const std::vector<std::uint8_t> in_panel = panel_genes(profiles);
  EXPECT_THAT(in_panel, ElementsAre(0, 0, 0, 1, 1));
  const TargetTable table = read(
      "mirna\ttarget\tevidence\nhsa-miR-21-5p\tPTEN\tweak\nhsa-miR-21-5p\tENSG00000171862\tweak\n"
      "hsa-miR-21-5p\tTWICE\tweak\nhsa-miR-21-5p\tMYC\tweak\nhsa-miR-21-5p\tPA28A\tweak\n"
      "hsa-miR-21-5p\tGONE\tweak\nhsa-miR-21-5p\tENSG2\tstrong\n");
  const TargetEdges weak = target_edges(table, Evidence::weak, profiles, in_panel);
  EXPECT_THAT(weak.edges, ElementsAre(TargetEdge{0, 0}));
  EXPECT_EQ(weak.n_in_panel, 2);
  EXPECT_EQ(weak.n_not_measured, 2);
  EXPECT_THAT(target_edges(table, Evidence::strong, profiles, in_panel).edges,
              ElementsAre(TargetEdge{0, 2}));
  EXPECT_EQ(best_evidence(table), Evidence::strong);
}

TEST(SeedFamilies, ShareBases2To8) {
  EXPECT_THAT(seed_families(mirnas_of({"hsa-miR-21-5p", "hsa-miR-103a-3p", "own", "hsa-miR-107",
                                       "hsa-miR-375", "hsa-miR-375-3p"})),
              ElementsAre(0, 1, 2, 1, 3, 3));
}

}  // namespace
}  // namespace sicmir
