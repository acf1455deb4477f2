#pragma once

namespace holdfast::cli {

/// Runs one command of the `holdfast` program and gives its exit status: 0 done, 1 failed, 2 wrong usage or
/// configuration.
int run(int argc, char** argv);

}  // namespace holdfast::cli
