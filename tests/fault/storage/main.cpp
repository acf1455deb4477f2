#include <gtest/gtest.h>

#include "storage/child_process.h"

int main(int argc, char** argv) {
  if (const auto code = holdfast::test::run_child_program(argc, argv)) return *code;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
