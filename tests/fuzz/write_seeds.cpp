// `fuzz_ROOM_NAME seeds DIR`: writes the target's seeds instead of fuzzing.
#include <filesystem>
#include <fstream>

#include "fuzz.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc != 3 || std::string_view((*argv)[1]) != "seeds") return 0;
  const std::filesystem::path directory = (*argv)[2];
  std::filesystem::create_directories(directory);
  std::size_t number = 0;
  for (const auto& seed : holdfast::fuzz::seeds ? holdfast::fuzz::seeds() : std::vector<holdfast::Bytes>()) {
    std::ofstream file(directory / ("seed_" + std::to_string(number++)), std::ios::binary);
    file.write(seed.data(), static_cast<std::streamsize>(seed.size()));
    if (!file) std::abort();
  }
  std::exit(0);
}
