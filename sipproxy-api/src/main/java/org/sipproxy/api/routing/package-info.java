/** The contracts of a routing step: what it may read, and what it may decide. */
@NullMarked
package org.sipproxy.api.routing;

import org.jspecify.annotations.NullMarked;
