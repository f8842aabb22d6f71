/** The guard of calls into code that the host or an add-on wrote. */
@NullMarked
package org.sipproxy.core.internal.guard;

import org.jspecify.annotations.NullMarked;
