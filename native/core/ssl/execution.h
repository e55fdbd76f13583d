#pragma once

#include <string>

namespace byol {

/// How a learner's steps are computed, as of the last one.
struct Execution {
  enum class Graph {
    Captured,    // as a graph that the device has been shown
    Eager,       // operation by operation: not yet captured, or never
    Unavailable  // the device has no graphs
  };
  enum class Images {
    Resident,  // in the device's memory
    Staged,    // those of each batch copied there beside the step before
    Host       // augmented by the processor
  };

  Graph graph = Graph::Unavailable;
  std::string reason;  // why steps are not captured; empty where they are
  Images images = Images::Host;
};

}  // namespace byol
