#include <cstdio>

#include "sicmir/version.hpp"

int main() {
  std::printf("sicmir %s\n", sicmir::version);
  return 0;
}
