package org.sipproxy.spring;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/** Finds properties {@code sipproxy.*} that nothing reads, such as one with a typing error. */
final class UnknownProperties {

    private static final String ROOT = "sipproxy";

    /** Records of properties by group. */
    private static final Map<String, List<Class<?>>> GROUPS = Map.of(
            "",
            List.of(
                    SipProxyProperties.class,
                    AccessProperties.class,
                    DatabaseProperties.class,
                    DigestProperties.class,
                    FloodProperties.class,
                    GatewayProperties.class,
                    LimitProperties.class,
                    RegistrarProperties.class,
                    StorageProperties.class,
                    TableProperties.class,
                    TimerProperties.class),
            "accounting",
            List.of(AccountingProperties.class),
            "calls",
            List.of(CallProperties.class),
            "lockout",
            List.of(LockoutProperties.class),
            "nat",
            List.of(NatProperties.class),
            "tls",
            List.of(TlsProperties.class));

    private UnknownProperties() {}

    /**
     * Returns a line for each unknown property. Does not look at environment variables, whose names are ambiguous, nor
     * below gateways, trunks and routes.
     */
    static List<String> in(ConfigurableEnvironment environment) {
        Map<ConfigurationPropertyName, String> known = known();
        Set<String> lines = new TreeSet<>();
        for (PropertySource<?> source : environment.getPropertySources()) {
            if (!source.getName().equals(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME)
                    && !ConfigurationPropertySources.isAttachedConfigurationPropertySource(source)) {
                for (ConfigurationPropertySource one : ConfigurationPropertySources.from(source)) {
                    if (one instanceof IterableConfigurationPropertySource names) {
                        names.stream()
                                .filter(ConfigurationPropertyName.of(ROOT)::isAncestorOf)
                                .filter(name -> known.keySet().stream().noneMatch(property -> covers(property, name)))
                                .forEach(name -> lines.add(name + ": is not a property of the SIP proxy"
                                        + nearest(name.toString(), known.values())
                                                .map(other -> "; did you mean " + other + "?")
                                                .orElse("")));
                    }
                }
            }
        }
        return new ArrayList<>(lines);
    }

    private static boolean covers(ConfigurationPropertyName known, ConfigurationPropertyName name) {
        return known.equals(name) || known.isAncestorOf(name);
    }

    private static Map<ConfigurationPropertyName, String> known() {
        Map<ConfigurationPropertyName, String> known = new TreeMap<>();
        GROUPS.forEach((group, records) -> {
            for (Class<?> type : records) {
                for (RecordComponent component : type.getRecordComponents()) {
                    String name =
                            component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
                    String full = ROOT + "." + (group.isEmpty() ? "" : group + ".") + name;
                    known.put(ConfigurationPropertyName.of(full), full);
                }
            }
        });
        return known;
    }

    /** Returns the known name that differs in the fewest characters, if these are at most a quarter. */
    private static Optional<String> nearest(String name, Iterable<String> known) {
        String best = "";
        int least = name.length() / 4 + 1;
        for (String other : known) {
            int distance = distance(name, other);
            if (distance < least) {
                least = distance;
                best = other;
            }
        }
        return best.isEmpty() ? Optional.empty() : Optional.of(best);
    }

    /** Returns the edit distance (Levenshtein) of two texts. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
