#include "holdfast/cli/main.h"

int main(int argc, char** argv) { return holdfast::cli::run(argc, argv); }
