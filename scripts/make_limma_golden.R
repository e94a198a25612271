#!/usr/bin/env Rscript
# SPDX-License-Identifier: BSD-3-Clause
# Writes tests/data/limma: small tables and what limma makes of them (Debian: r-bioc-limma, r-cran-statmod).
#   Rscript scripts/make_limma_golden.R [FOLDER]
# Per case: CASE.values.tsv (miRNAs x profiles), CASE.design.tsv (profile, weight, coefficients; the last line is
# the contrast) and CASE.expected.tsv. limma seeks the prior df of its robust way only to 1e-8 of df / (1 + df);
# here to 1e-15, but for the column robust_p_shipped, which is of limma as it is.
suppressMessages(library(limma))
library(statmod)
folder <- commandArgs(TRUE)
folder <- if (length(folder)) folder[1] else "tests/data/limma"
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
threshold <- 0.25

exact <- limma:::fitFDistRobustly
text <- deparse(exact)
stopifnot(sum(grepl("tol = 1e-08", text)) == 1)
exact <- eval(parse(text = sub("tol = 1e-08", "tol = 1e-15", text)), envir = asNamespace("limma"))
shipped <- limma:::fitFDistRobustly
use <- function(f) assignInNamespace("fitFDistRobustly", f, ns = "limma")

text17 <- function(x) ifelse(is.na(x), "NaN", ifelse(is.infinite(x), "inf", sprintf("%.17g", x)))
write_table <- function(name, table) {
  write.table(table, file.path(folder, name), sep = "\t", quote = FALSE, row.names = FALSE)
}

# treat() fails on coefficients that cannot be estimated.
treat_of <- function(fit, part, ...) {
  missing <- is.na(fit$coefficients)
  fit$coefficients[missing] <- 0
  result <- treat(fit, lfc = threshold, ...)[[part]][, 1]
  result[missing[, 1]] <- NA
  result
}

# The contrast is one coefficient wherever values are missing: there contrasts.fit only approximates errors.
write_case <- function(case, y, design, contrast, weights = NULL) {
  write_table(paste0(case, ".values.tsv"),
              data.frame(mirna = rownames(y), format(y, digits = 6, trim = TRUE, na.encode = TRUE)))
  write_table(paste0(case, ".design.tsv"),
              data.frame(profile = c(colnames(y), "contrast"),
                         weight = c(if (is.null(weights)) rep("1", ncol(y)) else text17(weights), "NaN"),
                         rbind(design, contrast), check.names = FALSE))
  full <- lmFit(y, design, weights = weights)
  one <- which(contrast != 0)
  fit <- if (length(one) == 1 && contrast[one] == 1) full[, one] else contrasts.fit(full, contrast)
  columns <- function(prefix, f) {
    n <- length(f$df.total)
    result <- data.frame(rep_len(f$s2.prior, n), rep_len(f$df.prior, n), f$s2.post, f$df.total, f$t[, 1],
                         f$p.value[, 1])
    names(result) <- paste0(prefix, c("prior_variance", "prior_df", "variance", "df", "t", "p"))
    result
  }
  use(exact)
  expected <- data.frame(estimate = fit$coefficients[, 1], unscaled_error = fit$stdev.unscaled[, 1],
                         variance = fit$sigma^2, residual_df = fit$df.residual,
                         columns("plain_", eBayes(fit)), treat_p = treat_of(fit, "p.value"))
  expected <- data.frame(expected, columns("robust_", eBayes(fit, robust = TRUE)),
                         robust_treat_t = treat_of(fit, "t", robust = TRUE),
                         robust_treat_p = treat_of(fit, "p.value", robust = TRUE))
  use(shipped)
  expected$robust_p_shipped <- eBayes(fit, robust = TRUE)$p.value[, 1]
  expected[] <- lapply(expected, text17)
  write_table(paste0(case, ".expected.tsv"), data.frame(mirna = rownames(y), expected))
}

# log2 values whose variances are s0^2 / chi-squared(d0) x d0, three of them outliers.
simulate <- function(n, samples, d0 = 6, s0 = 0.4, outliers = 3) {
  s <- s0 * if (is.finite(d0)) sqrt(d0 / rchisq(n, d0)) else rep(1, n)
  if (outliers > 0) s[seq_len(outliers)] <- s[seq_len(outliers)] * 12
  y <- matrix(rnorm(n * samples), n, samples) * s + rnorm(n)
  dimnames(y) <- list(paste0("m", seq_len(n)), paste0("s", seq_len(samples)))
  y
}
RNGversion("4.0.0")
set.seed(17)
group <- rep(0:1, each = 5)
two <- cbind(intercept = 1, group = group)
effect <- function(y, which, by) {
  y[which, ] <- y[which, ] + rep(by, each = length(which))
  round(y, 4)
}

y <- effect(simulate(50, 10), 1:12, group * 0.9)
write_case("two_groups", y, two, c(0, 1))
cells <- c(20, 400, 35, 90, 1000, 60, 51, 300, 47, 2200)
write_case("weights", y, two, c(0, 1), weights = cells / (cells + 50))
write_case("covariate", y, cbind(two, age = c(31, 45, 62, 58, 40, 39, 66, 71, 28, 55)), c(0, 1, 0))

donors <- rep(1:5, 2)
paired <- cbind(model.matrix(~ factor(donors)), group = group)
colnames(paired)[1:5] <- c("intercept", paste0("donor", 2:5))
y <- effect(simulate(50, 10) + matrix(rnorm(5, sd = 2)[donors], 50, 10, byrow = TRUE), 1:12, group * 0.9)
write_case("paired", y, paired, c(0, 0, 0, 0, 0, 1))

# Four groups in six samples, two of them missing: sample + group, one group against the mean of the others.
profiles <- expand.grid(group = 1:4, sample = 1:6)[-c(3, 21), ]
markers <- model.matrix(~ factor(sample) + factor(group), profiles)
colnames(markers) <- c("intercept", paste0("sample", 2:6), paste0("group", 2:4))
y <- effect(simulate(50, nrow(profiles)), 1:12, (profiles$group == 2) * 0.9)
cells <- round(exp(rnorm(nrow(profiles), 5)))
write_case("markers", y, markers, c(0, 0, 0, 0, 0, 0, 1, -1 / 3, -1 / 3), weights = cells / (cells + 50))

# Missing values: a few, most of a group (no df left in it), a whole group, all but two.
y <- effect(simulate(50, 10), 1:12, group * 0.9)
y[cbind(c(4, 4, 5, 9, 30, 31, 31, 31), c(1, 7, 2, 10, 6, 1, 2, 3))] <- NA
y[40, 6:10] <- NA
y[41, 2:9] <- NA
y[42, c(2:5, 7:10)] <- NA
write_case("missing", y, two, c(0, 1))

y <- effect(simulate(50, 10, d0 = Inf, outliers = 0), 1:12, group * 0.9)
write_case("infinite_prior", y, two, c(0, 1))
y <- effect(simulate(50, 10, d0 = Inf), 1:12, group * 0.9)
write_case("infinite_prior_outliers", y, two, c(0, 1))

y <- effect(simulate(50, 10), 1:12, group * 0.9)
y[c(20, 21, 22), ] <- c(1, 2, 3)
y[23, ] <- 0.5 + group
write_case("zero_variance", y, two, c(0, 1))

# Fewer miRNAs than can be winsorised.
write_case("few", effect(simulate(8, 10, outliers = 1), 1:2, group * 0.9), two, c(0, 1))
