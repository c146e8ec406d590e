// A first-in first-out list of requests linked through IoRequest::next. Owns nothing.
#pragma once

#include <utility>

#include "cpp/device/io_request.h"

namespace ashlar {

class RequestList {
 public:
  bool empty() const { return first_ == nullptr; }

  void PushBack(IoRequest* request) {
    request->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = request;
    last_ = request;
  }

  // Null when the list is empty.
  IoRequest* PopFront() {
    IoRequest* request = first_;
    if (request != nullptr) {
      first_ = std::exchange(request->next, nullptr);
    }
    return request;
  }

  // Moves all of `other` behind what is here.
  void Append(RequestList& other) {
    if (other.empty()) return;
    (first_ == nullptr ? first_ : last_->next) = other.first_;
    last_ = other.last_;
    other.first_ = nullptr;
  }

 private:
  IoRequest* first_ = nullptr;
  IoRequest* last_ = nullptr;  // meaningful only when the list is not empty
};

}  // namespace ashlar
