#include "system_shims.h"
