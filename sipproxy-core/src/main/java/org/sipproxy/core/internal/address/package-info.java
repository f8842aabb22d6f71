/** Which addresses bytes may be sent to, and on whose behalf. */
@NullMarked
package org.sipproxy.core.internal.address;

import org.jspecify.annotations.NullMarked;
