#include "storage/fault_env.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace holdfast::test {

struct FaultEnv::State {
  std::mutex mutex;
  Hook hook;
  std::string failing_syncs;
  int syncs_to_fail = 0;
  std::optional<std::uint64_t> free_bytes;
  struct Sizes {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
  };
  std::map<std::string, Sizes> files;

  std::optional<rocksdb::IOStatus> before(Operation operation, const std::string& path) {
    Hook called;
    {
      const std::scoped_lock lock(mutex);
      called = hook;
      if (operation == Operation::sync && syncs_to_fail > 0 &&
          path.find(failing_syncs) != std::string::npos) {
        --syncs_to_fail;
        auto status = rocksdb::IOStatus::IOError("injected sync failure", path);
        status.SetRetryable(true);
        return status;
      }
    }
    return called ? called(operation, path) : std::nullopt;
  }

  /// How many of `wanted` bytes fit.
  std::size_t take_space(std::size_t wanted) {
    const std::scoped_lock lock(mutex);
    if (!free_bytes) return wanted;
    const auto fits = static_cast<std::size_t>(std::min<std::uint64_t>(*free_bytes, wanted));
    *free_bytes -= fits;
    return fits;
  }

  void give_back(const std::string& path) {
    const std::scoped_lock lock(mutex);
    const auto found = files.find(path);
    if (found == files.end()) return;
    if (free_bytes) *free_bytes += found->second.written;
    files.erase(found);
  }

  void appended(const std::string& path, std::size_t bytes) {
    const std::scoped_lock lock(mutex);
    files[path].written += bytes;
  }

  void synced(const std::string& path) {
    const std::scoped_lock lock(mutex);
    files[path].synced = files[path].written;
  }
};

class FaultFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path,
            std::shared_ptr<FaultEnv::State> state)
      : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), state_(std::move(state)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    if (auto status = state_->before(FaultEnv::Operation::append, path_)) return *status;
    const auto fits = state_->take_space(data.size());
    const auto status = target()->Append({data.data(), fits}, options, context);
    if (status.ok()) state_->appended(path_, fits);
    if (status.ok() && fits < data.size()) return rocksdb::IOStatus::NoSpace("injected full disk", path_);
    return status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& /*info*/,
                           rocksdb::IODebugContext* context) override {
    return Append(data, options, context);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    if (auto status = state_->before(FaultEnv::Operation::sync, path_)) return *status;
    auto status = target()->Sync(options, context);
    if (status.ok()) state_->synced(path_);
    return status;
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    return Sync(options, context);
  }

 private:
  std::string path_;
  std::shared_ptr<FaultEnv::State> state_;
};

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultFileSystem(std::shared_ptr<FaultEnv::State> state)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::move(state)) {}
  [[nodiscard]] const char* Name() const override { return "holdfast-fault"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override {
    auto status = target()->NewWritableFile(path, options, result, context);
    if (status.ok()) *result = std::make_unique<FaultFile>(std::move(*result), path, state_);
    return status;
  }
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    auto status = target()->DeleteFile(path, options, context);
    if (status.ok()) state_->give_back(path);
    return status;
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    auto status = target()->RenameFile(from, to, options, context);
    if (status.ok()) {
      const std::scoped_lock lock(state_->mutex);
      if (auto node = state_->files.extract(from)) {
        node.key() = to;
        state_->files.erase(to);
        state_->files.insert(std::move(node));
      }
    }
    return status;
  }
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* free, rocksdb::IODebugContext* context) override {
    {
      const std::scoped_lock lock(state_->mutex);
      if (state_->free_bytes) {
        *free = *state_->free_bytes;
        return rocksdb::IOStatus::OK();
      }
    }
    return target()->GetFreeSpace(path, options, free, context);
  }

 private:
  std::shared_ptr<FaultEnv::State> state_;
};

FaultEnv::FaultEnv()
    : state_(std::make_shared<State>()),
      env_(rocksdb::NewCompositeEnv(std::make_shared<FaultFileSystem>(state_))) {}
FaultEnv::~FaultEnv() = default;

void FaultEnv::set_hook(Hook hook) {
  const std::scoped_lock lock(state_->mutex);
  state_->hook = std::move(hook);
}

void FaultEnv::fail_syncs(std::string contains, int count) {
  const std::scoped_lock lock(state_->mutex);
  state_->failing_syncs = std::move(contains);
  state_->syncs_to_fail = count;
}

int FaultEnv::syncs_to_fail() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->syncs_to_fail;
}

void FaultEnv::set_free_bytes(std::optional<std::uint64_t> bytes) {
  const std::scoped_lock lock(state_->mutex);
  state_->free_bytes = bytes;
}

std::optional<std::uint64_t> FaultEnv::free_bytes() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->free_bytes;
}

void FaultEnv::drop_unsynced() {
  const std::scoped_lock lock(state_->mutex);
  for (auto& [path, sizes] : state_->files) {
    std::error_code gone;  // archived or deleted meanwhile
    if (sizes.synced < sizes.written) std::filesystem::resize_file(path, sizes.synced, gone);
    sizes.written = sizes.synced;
  }
}

}  // namespace holdfast::test
