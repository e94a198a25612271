# SPDX-License-Identifier: BSD-3-Clause
# Writes tests/data/rds: one small data set (60 genes of the model, 12 cells) as R's own objects, by Debian's R
# (r-cran-seurat 4.3, r-bioc-singlecellexperiment 1.20). Run from the root of the project:
#
#     Rscript scripts/make_rds_fixtures.R
#
# Debian has no SeuratObject 5. Its Assay5 is built here of the slots that SeuratObject 5.0 publishes
# (setClass of Assay5 and LogMap); no file of Seurat 5 itself was seen.
suppressMessages({
  library(Seurat)
  library(SingleCellExperiment)
  library(DelayedArray)
})
set.seed(7)
folder <- "tests/data/rds"
dir.create(folder, showWarnings = FALSE)
genes <- read.delim("data/landmarks.tsv", colClasses = "character")$symbol[1:60]
cells <- sprintf("cell_%02d", 1:12)
counts <- as(matrix(rpois(60 * 12, 2), 60, dimnames = list(genes, cells)), "CsparseMatrix")
write.csv(as.matrix(counts), file.path(folder, "counts.csv"))
obs <- data.frame(row.names = cells, type = factor(rep(c("T", "B", NA), 4), levels = c("T", "B")),
                  donor = rep(c("d1", NA, "d2"), 4), age = rep(c(31L, NA, 45L), 4),
                  score = seq(0.5, 6, by = 0.5), passed = rep(c(TRUE, FALSE, NA), 4))
write.csv(obs, file.path(folder, "obs.csv"))
umap <- matrix(round(rnorm(24), 3), 12, dimnames = list(cells, c("UMAP_1", "UMAP_2")))
write.csv(umap, file.path(folder, "umap.csv"))

object <- CreateSeuratObject(counts, meta.data = obs)
object <- NormalizeData(object, verbose = FALSE)
object <- ScaleData(object, verbose = FALSE)
object[["umap"]] <- CreateDimReducObject(umap, key = "UMAP_", assay = "RNA")
save_as <- function(x, name, ...) saveRDS(x, file.path(folder, name), ...)
# What a reader must pass over, before what it needs: byte code, formulas, environments.
f <- compiler::cmpfun(function(x, n = 3L) {
  total <- 0
  for (i in seq_len(n)) total <- total + sin(i) * x
  if (total > 2) list(total, quote(a + b(c))) else stop("no")
})
environment(f) <- new.env()
object[["RNA"]]@misc <- list(f, y ~ x + log(z), environment(f), globalenv(), asNamespace("stats"), quote(g(x)), 1i)
object$number <- 1:12  # compact
save_as(object, "seurat.rds")
save_as(object, "seurat_v2.rds", version = 2, compress = "bzip2")

sce <- SingleCellExperiment(list(counts = counts), colData = obs,
                            rowData = DataFrame(Symbol = genes, chromosome = "1"))
logcounts(sce) <- log1p(counts)
reducedDim(sce, "UMAP") <- umap
save_as(sce, "sce.rds", compress = "xz")
assay(sce, "counts") <- DelayedArray(counts) * 1
save_as(sce, "delayed.rds")
save_as(counts, "matrix.rds", compress = FALSE)
save_as(as.matrix(counts), "dense.rds")

setClass("LogMap", contains = "matrix")
setClass("Assay5", slots = c(layers = "list", cells = "LogMap", features = "LogMap", default = "integer",
                             assay.orig = "character", meta.data = "data.frame", misc = "list", key = "character"))
log_map <- function(lines, columns) {
  new("LogMap", matrix(TRUE, length(lines), length(columns), dimnames = list(lines, columns)))
}
bare <- function(x) { dimnames(x) <- NULL; x }
assay5 <- new("Assay5", layers = list(counts = bare(counts), data = bare(GetAssayData(object, slot = "data"))),
              cells = log_map(cells, c("counts", "data")), features = log_map(genes, c("counts", "data")),
              default = 1L, assay.orig = character(), meta.data = data.frame(highly = rep(TRUE, 60)), misc = list(),
              key = "rna_")
five <- object
five@assays <- list(RNA = assay5)
save_as(five, "assay5_built.rds")
