/** What a host may watch. */
@NullMarked
package org.sipproxy.api.event;

import org.jspecify.annotations.NullMarked;
