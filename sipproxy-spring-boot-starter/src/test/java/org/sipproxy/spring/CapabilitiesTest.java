package org.sipproxy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every option of the builders of the library is reached by a property or a bean, or is listed here with a reason. A
 * new method of a builder fails this test until the starter calls it.
 */
class CapabilitiesTest {

    private static final JavaClasses LIBRARY = new ClassFileImporter()
            .withImportOption(location -> !location.contains("test-classes") && !location.contains("-tests.jar"))
            .importPackages(
                    "org.sipproxy.api",
                    "org.sipproxy.core",
                    "org.sipproxy.message",
                    "org.sipproxy.security",
                    "org.sipproxy.nat",
                    "org.sipproxy.gateway",
                    "org.sipproxy.jdbc");

    private static final JavaClasses STARTER = new ClassFileImporter()
            .withImportOption(location -> !location.contains("test-classes") && !location.contains("-tests.jar"))
            .importPackages("org.sipproxy.spring");

    /** Builders whose options are not configuration, with the reason. */
    private static final Map<String, String> UNUSED_BUILDERS = Map.of(
            "OutgoingRequest", "builds requests of the application",
            "Participant", "builds calls of the application",
            "CallSetup", "builds calls of the application",
            "ProxySettings", "has options of SipProxyBuilder, which builds the settings",
            "Binding", "builds a binding, which is not configuration",
            "TrunkAccount", "is the account of a row; Trunk has the same options",
            "DatabaseDoctor", "is a check of the server; its tables are checked when the proxy starts",
            "Subscribers", "changes subscribers; the application uses it itself");

    private static final String COMPONENT = "for code: a component bean that the application makes has it";

    /** Single options, with the reason. */
    private static final Map<String, String> LEFT_OUT = leftOut();

    private static Map<String, String> leftOut() {
        Map<String, String> left = new HashMap<>();
        left.put("SipProxyBuilder.stageExecutor", "takes code: SipProxyCustomizer");
        left.put("SipProxyBuilder.threadFactory", "takes code: SipProxyCustomizer");
        left.put("DigestAuthentication.allowIdentity", "takes code: an Authentication bean");
        left.put("DigestAuthentication.realm", "the realm of a user is the domain, so that several domains work");
        left.put("DigestAuthentication.secret", "a nonce of another server is stale, and the phone repeats at once");
        left.put("DigestAuthentication.secrets", "likewise");
        left.put("Dispatcher.defaults", "each set has its options, and sets of rows have a component of their own");
        left.put("Dispatcher.route", COMPONENT);
        left.put("Dispatcher.openRoute", COMPONENT);
        left.put("Dispatcher.onChange", COMPONENT);
        left.put("GatewaySet.numbers", "prefix-route changes called numbers, the identity of a trunk those of callers");
        left.put("Trunk.callerNumber", COMPONENT);
        left.put("Trunk.incoming", COMPONENT);
        left.put("Trunk.onChange", COMPONENT);
        left.put("Trunk.addressOfRecord", "the URI of the trunk is its address-of-record");
        left.put("Trunk.numbers", "prefix-route changes called numbers");
        left.put("Trunk.incomingNumbers", "did names the numbers that the provider calls");
        left.put("Trunk.prefix", "prefix-route sends numbers to trunks and sets alike");
        left.put("Trunk.fallback", "fallback-route sends calls to trunks and sets alike");
        left.put("Gateway.attribute", "is for algorithms of the application");
        left.put("JdbcBindingRepository.advisoryLocks", "is switched off where the database lacks them");
        left.put("JdbcAccounting.extraColumns", "the columns that the tables have are written");
        left.put("JdbcAccounting.callRecordColumns", "likewise");
        left.put("JdbcAccounting.batchRows", "has no effect that an operator could notice");
        left.put("JdbcAccounting.flushInterval", "likewise");
        left.put("JdbcAccounting.closeTimeout", "timeout-per-shutdown-phase of Spring limits it");
        return left;
    }

    @Test
    void everyOptionOfTheLibraryIsReachedOrLeftOutForAReason() {
        Set<String> called = STARTER.stream()
                .flatMap(type -> Stream.concat(
                        type.getMethodCallsFromSelf().stream(), type.getMethodReferencesFromSelf().stream()))
                .map(JavaAccess::getTarget)
                .map(target -> nameOf(target.getOwner()) + "." + target.getName())
                .collect(Collectors.toSet());
        Set<String> missing = new TreeSet<>();
        Set<String> unknown = new TreeSet<>(LEFT_OUT.keySet());
        List<JavaClass> builders =
                LIBRARY.stream().filter(CapabilitiesTest::isBuilder).toList();
        assertThat(builders.stream().map(CapabilitiesTest::nameOf))
                .contains("SipProxyBuilder", "StreamLimits", "ParseLimits", "Lockout", "JdbcAccounting", "GatewaySet");
        for (JavaClass builder : builders) {
            for (JavaMethod method : builder.getMethods()) {
                if (!method.getModifiers().contains(JavaModifier.PUBLIC)
                        || method.getModifiers().contains(JavaModifier.STATIC)
                        || method.getModifiers().contains(JavaModifier.SYNTHETIC)
                        || !method.getRawReturnType().equals(builder)) {
                    continue;
                }
                String option = nameOf(builder) + "." + method.getName();
                unknown.remove(option);
                if (called.contains(option) == LEFT_OUT.containsKey(option)) {
                    missing.add(option + (called.contains(option) ? " is reached, so remove it from the list" : ""));
                }
            }
        }
        assertThat(missing).as("options that no property or bean reaches").isEmpty();
        assertThat(unknown).as("left out, but not an option of the library").isEmpty();
        assertThat(LEFT_OUT.values()).allMatch(reason -> reason.length() > 7);
    }

    private static boolean isBuilder(JavaClass type) {
        return type.getSimpleName().endsWith("Builder")
                && type.getModifiers().contains(JavaModifier.PUBLIC)
                && !type.getPackageName().contains(".internal")
                && !type.getPackageName().contains(".wire")
                && !UNUSED_BUILDERS.containsKey(nameOf(type));
    }

    private static String nameOf(JavaClass builder) {
        return builder.getEnclosingClass().map(JavaClass::getSimpleName).orElse(builder.getSimpleName());
    }
}
