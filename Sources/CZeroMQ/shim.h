#pragma once
#include <zmq.h>

// Stable in the library since 4.3, but its header still lists it among the drafts.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

// These are expressions in the header, which Swift does not import.
enum { CCO_ETERM = ETERM };
