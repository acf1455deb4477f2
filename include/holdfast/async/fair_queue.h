#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace holdfast::async {

/// On whose behalf work is queued. `address`: net::address_key of the client. `user`: any stable key of the
/// account, for instance its blinded name. Either may be empty: work without one shares one turn.
struct FairKey {
  std::string address;
  std::string user;
};

/// How much may wait. A push beyond any of them is refused.
struct FairLimits {
  std::size_t total = 256;
  std::size_t per_address = 64;
  std::size_t per_user = 8;  ///< of one address
};

/// A bounded queue that is fair first between addresses, then between the users of one address: both levels
/// take turns, first come first served within one user. One address with a thousand guesses delays another
/// address's sign-in by one item, and of one shared address (a front door, a school) one user delays another
/// by one item. Push and pop are O(1). No lock: the owner brings one.
template <class T>
class FairQueue {
 public:
  explicit FairQueue(FairLimits limits) : limits_(limits) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// False when a limit is reached; `item` is then left as it was.
  bool push(const FairKey& key, T&& item) {
    if (size_ >= limits_.total) return false;
    const auto known = addresses_.find(key.address);
    if (known != addresses_.end()) {
      if (known->second->size >= limits_.per_address) return false;
      const auto user = known->second->users.find(key.user);
      if (user != known->second->users.end() && user->second->items.size() >= limits_.per_user) return false;
    }
    auto& address = turn_of(addresses_, address_turns_, key.address);
    turn_of(address.users, address.user_turns, key.user).items.push_back(std::move(item));
    ++address.size;
    ++size_;
    return true;
  }

  /// The next item whose turn it is; its address and its user go to the end of their lines.
  std::optional<T> pop() {
    if (empty()) return std::nullopt;
    Address& address = address_turns_.front();
    User& user = address.user_turns.front();
    std::optional<T> item(std::move(user.items.front()));
    user.items.pop_front();
    --address.size;
    --size_;
    take_turn(address.users, address.user_turns, user.items.empty());
    take_turn(addresses_, address_turns_, address.size == 0);
    return item;
  }

 private:
  struct User {
    std::string name;
    std::deque<T> items;
  };
  template <class Node>
  using Index = std::unordered_map<std::string, typename std::list<Node>::iterator>;
  struct Address {
    std::string name;
    std::size_t size = 0;
    std::list<User> user_turns;
    Index<User> users;
  };

  template <class Node>
  static Node& turn_of(Index<Node>& index, std::list<Node>& turns, const std::string& name) {
    const auto [known, added] = index.try_emplace(name);
    if (added) {
      known->second = turns.emplace(turns.end());
      known->second->name = name;
    }
    return *known->second;
  }

  template <class Node>
  static void take_turn(Index<Node>& index, std::list<Node>& turns, bool is_empty) {
    if (is_empty) {
      index.erase(turns.front().name);
      turns.pop_front();
    } else {
      turns.splice(turns.end(), turns, turns.begin());
    }
  }

  FairLimits limits_;
  std::size_t size_ = 0;
  std::list<Address> address_turns_;
  Index<Address> addresses_;
};

}  // namespace holdfast::async
