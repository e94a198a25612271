// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The files of this room, compiled into the program, so that a copied program can write its pages.

#include <string_view>

namespace sicmir::web {

/// The page of `sicmir train --report`, with marks in place of what follows and of the data.
extern const std::string_view train_html;

/// The page of `sicmir report`, likewise; its script, and its style sheets, the first of which both
/// pages have. The SHA-256 of each (64 hexadecimal digits) goes into the page's content security
/// policy, so that nothing else in the page can run.
extern const std::string_view report_html, report_js, report_js_sha256, page_css, page_css_sha256,
    report_css, report_css_sha256;

/// uPlot 1.6.32 by Leon Sorokin (https://github.com/leeoniya/uPlot), unmodified, and its licence
/// (MIT), which every copy must contain.
extern const std::string_view uplot_iife_min_js, uplot_min_css, uplot_license;

}  // namespace sicmir::web
