// SPDX-License-Identifier: BSD-3-Clause
#pragma once
// Names that end in the instruction set that a *.inc.cpp file is compiled for.

#define SICMIR_JOIN_(a, b) a##b
#define SICMIR_JOIN(a, b) SICMIR_JOIN_(a, b)
