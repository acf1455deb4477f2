#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace holdfast::net {

/// How many connections each address holds, and no more than `most` each: one address must not take every
/// place of a listener. Keys are address_key()'s. Thread-safe; must outlive its holds.
class AddressCounts {
 public:
  /// One of an address's places, given back when it is destroyed.
  class Hold {
   public:
    Hold(AddressCounts& counts, std::string key) : counts_(&counts), key_(std::move(key)) {}
    Hold(Hold&& other) noexcept
        : counts_(std::exchange(other.counts_, nullptr)), key_(std::move(other.key_)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
      if (counts_ != nullptr) counts_->give_back(key_);
    }

   private:
    AddressCounts* counts_;
    std::string key_;
  };

  explicit AddressCounts(std::size_t most) : most_(most) {}

  /// Nothing when the address holds all that it may.
  [[nodiscard]] std::optional<Hold> take(std::string key) {
    {
      const std::scoped_lock lock(mutex_);
      auto& held = held_[key];
      if (held >= most_) return std::nullopt;
      ++held;
    }
    return Hold(*this, std::move(key));
  }

 private:
  void give_back(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    const auto found = held_.find(key);
    if (--found->second == 0) held_.erase(found);
  }

  const std::size_t most_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> held_;
};

}  // namespace holdfast::net
