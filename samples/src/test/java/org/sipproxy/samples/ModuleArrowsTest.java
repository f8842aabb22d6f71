package org.sipproxy.samples;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.core.importer.Locations;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Dependencies between the modules. In this module, because only the samples have all modules on the class path. */
class ModuleArrowsTest {

    private static final String TESTKIT = "org.sipproxy.testkit..";

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(location -> !location.contains("test-classes") && !location.contains("-tests.jar"))
            .importPackages("org.sipproxy");

    @Test
    void addOnsDependOnTheApiOnly() {
        for (String addOn : new String[] {"gateway", "jdbc", "micrometer", "nat", "security"}) {
            noClasses()
                    .that()
                    .resideInAPackage("org.sipproxy." + addOn + "..")
                    .should()
                    .dependOnClassesThat(resideInAPackage("org.sipproxy..")
                            .and(resideOutsideOfPackages(
                                    "org.sipproxy.annotation",
                                    "org.sipproxy.message..",
                                    "org.sipproxy.api..",
                                    "org.sipproxy." + addOn + "..")))
                    .because("a host's own component has no more than the API either")
                    .check(CLASSES);
        }
    }

    /** Includes the tests of all modules, because a fixture with too many dependencies leads to cycles, too. */
    @Test
    void packagesAreFreeOfCycles() throws Exception {
        Set<Location> locations = new HashSet<>(Locations.ofPackage("org.sipproxy"));
        testClassesOfTheOtherModules().map(Location::of).forEach(locations::add);
        JavaClasses all = new ClassFileImporter().importLocations(locations);
        slices().matching("org.sipproxy.(**)").should().beFreeOfCycles().check(all);
    }

    /** Returns the folders of the test classes of the modules that were built, which are not all on the class path. */
    private static Stream<Path> testClassesOfTheOtherModules() throws Exception {
        Path own = Path.of(ModuleArrowsTest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Path module = Path.of("").toAbsolutePath();
        try (Stream<Path> modules = Files.list(module.resolveSibling(""))) {
            return modules
                    .filter(other -> other.getFileName().toString().startsWith("sipproxy-"))
                    .map(other -> other.resolve(module.relativize(own)))
                    .filter(Files::isDirectory)
                    .toList()
                    .stream();
        }
    }

    @Test
    void messageLibraryDependsOnNoOtherModule() {
        noClasses()
                .that()
                .resideInAPackage("org.sipproxy.message..")
                .should()
                .dependOnClassesThat(resideInAPackage("org.sipproxy..")
                        .and(resideOutsideOfPackages("org.sipproxy.message..", "org.sipproxy.annotation")))
                .because("it is a SIP parser for any program")
                .check(CLASSES);
    }

    @Test
    void onlyTheViewDependsOnTheReferenceImplementationOfJainSip() {
        noClasses()
                .that(resideOutsideOfPackages(
                        "org.sipproxy.message.jain..", "org.sipproxy.server.phone..", "org.sipproxy.testkit.jain.."))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("gov.nist..")
                .because("traffic is served without it")
                .check(CLASSES);
    }

    @Test
    void onlyTestsDependOnTheTestkit() {
        noClasses()
                .that()
                .resideOutsideOfPackage(TESTKIT)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(TESTKIT)
                .because("it brings JUnit")
                .check(CLASSES);
    }

    @Test
    void testkitDependsOnPublicTypesOfApiAndCoreOnly() {
        noClasses()
                .that()
                .resideInAPackage(TESTKIT)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.sipproxy.core.internal..",
                        "org.sipproxy.gateway..",
                        "org.sipproxy.nat..",
                        "org.sipproxy.jdbc..",
                        "org.sipproxy.security..")
                .because("the tests of the add-ons use it")
                .check(CLASSES);
    }

    /**
     * The wall clock may be set while a proxy runs. So it is read in one place, behind {@code ProxyClock}. Exceptions
     * only print or compare it: the date of an audit line, the validity of a certificate, the difference to the
     * database's clock, and a ban that is older than the proxy.
     */
    @Test
    void wallClockIsReadInOnePlace() {
        noClasses()
                .that(resideOutsideOfPackages(
                                "org.sipproxy.samples..", "org.sipproxy.server..", "org.sipproxy.benchmarks..", TESTKIT)
                        .and(isNoneOf("SystemClock", "AuditLog", "TlsMaterial", "DatabaseDoctor", "FloodGuard")))
                .should()
                .accessTargetWhere(READS_THE_WALL_CLOCK)
                .because("an interval on the wall clock is wrong after the clock is set; use ProxyTime, or now() of the"
                        + " API")
                .check(CLASSES);
    }

    /** {@code nanoTime} is monotonic too, but a test cannot advance it. */
    @Test
    void monotonicClockIsReadOnlyWhenWaitingForAThreadOrASocket() {
        noClasses()
                .that(resideOutsideOfPackages(
                                "org.sipproxy.samples..",
                                "org.sipproxy.server..",
                                "org.sipproxy.benchmarks..",
                                TESTKIT,
                                "org.sipproxy.core.internal.transport..",
                                "org.sipproxy.core.internal.location..",
                                "org.sipproxy.core.internal.engine..",
                                "org.sipproxy.jdbc..")
                        .and(isNoneOf(
                                "SystemClock", "Deadline", "RequestDeadline", "LogPace", "AuditLog", "NatPinger")))
                .should()
                .accessTargetWhere(isCall("java.lang.System", "nanoTime"))
                .because("what expires follows ProxyClock")
                .check(CLASSES);
    }

    private static final DescribedPredicate<JavaAccess<?>> READS_THE_WALL_CLOCK = isCall(
                    "java.lang.System", "currentTimeMillis")
            .or(isCall("java.time.Instant", "now"))
            .or(isCall("java.time.LocalDateTime", "now"))
            .or(isCall("java.time.ZonedDateTime", "now"))
            .or(isCall("java.time.OffsetDateTime", "now"))
            .or(isCall("java.time.Clock", "systemUTC"))
            .or(isCall("java.time.Clock", "systemDefaultZone"))
            .or(isCall("java.util.Date", "<init>"));

    private static DescribedPredicate<JavaAccess<?>> isCall(String owner, String name) {
        return describe(
                "call of " + owner + "." + name,
                access -> access.getTargetOwner().getName().equals(owner)
                        && access.getTarget().getName().equals(name));
    }

    private static DescribedPredicate<JavaClass> isNoneOf(String... simpleNames) {
        return describe("none of those that may", type -> {
            String name = type.getName().substring(type.getName().lastIndexOf('.') + 1);
            int nested = name.indexOf('$');
            return !List.of(simpleNames).contains(nested < 0 ? name : name.substring(0, nested));
        });
    }
}
