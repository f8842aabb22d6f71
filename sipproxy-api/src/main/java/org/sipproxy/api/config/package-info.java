/**
 * Configuration errors as data.
 *
 * <p>Every builder of the proxy and of its add-ons reports all problems at once with a {@link
 * org.sipproxy.api.config.ConfigurationException}. Each {@link org.sipproxy.api.config.ConfigurationProblem} names the
 * option, its value, the reason and a remedy, so that a launcher or a Spring Boot application can report it under the
 * names of its own options. Builders of add-ons collect problems with {@link org.sipproxy.api.config.OptionProblems}.
 *
 * <p>An option of a component that is given twice is a problem. Builders of values, which have {@code toBuilder}, take
 * the last value.
 *
 * <p>Does not cover problems that appear when the proxy starts, such as a port in use or a missing database table.
 */
@NullMarked
package org.sipproxy.api.config;

import org.jspecify.annotations.NullMarked;
