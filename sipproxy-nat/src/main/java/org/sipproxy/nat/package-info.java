/** Clients behind NATs: how they are told, how they are reached, and how their mappings are kept open. */
@NullMarked
package org.sipproxy.nat;

import org.jspecify.annotations.NullMarked;
