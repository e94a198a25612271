// SPDX-License-Identifier: BSD-3-Clause
// A plain script, which browsers also run from file://, where they refuse modules and fetch().
const notice = document.getElementById("notice");
if (notice) {
  notice.textContent = location.protocol === "file:"
    ? "Browsers do not let a page read its data from file://: run “sicmir atlas serve ATLAS --open”, with ATLAS the folder that holds this one."
    : "DecompressionStream" in window ? "Opening the atlas …" : "This atlas needs a browser of 2023 or later: Chrome 80, Firefox 113, Safari 16.4.";
}
export {};
