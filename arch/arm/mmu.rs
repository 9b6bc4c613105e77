// SPDX-License-Identifier: GPL-2.0-or-later
//! The page tables: RAM cached, code read-only, everything else unmapped until a driver asks.

use crate::arm::cache;
use crate::arm::entry::ImageLayout;
use crate::plan::PAGE;
use aarch64_cpu::asm::barrier::{SY, isb};
use aarch64_cpu::registers::{
    ID_AA64MMFR0_EL1, MAIR_EL1, ReadWriteable, Readable, SCTLR_EL1, TCR_EL1, TTBR0_EL1, Writeable,
};
use aarch64_paging::descriptor::{El1Attributes, PhysicalAddress};
use aarch64_paging::paging::{Constraints, El1And0, MemoryRegion, PageTable, Translation, VaRange};
use aarch64_paging::{MapError, Mapping};
use core::ops::Range;
use core::ptr::NonNull;
use spin::Mutex;

/// How memory behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Registers: in order, not cached.
    Device,
    /// Memory: write-back, inner-shareable, as Xen demands of shared pages.
    Normal,
}

const MAIR_DEVICE: El1Attributes = El1Attributes::ATTRIBUTE_INDEX_0;
const MAIR_NORMAL: El1Attributes = El1Attributes::ATTRIBUTE_INDEX_1;
const NEVER_EXECUTE: El1Attributes = El1Attributes::PXN.union(El1Attributes::UXN);
const ROOT_LEVEL: usize = 0;

/// The page tables in use.
static TABLES: Mutex<Option<Mapping<Pool, El1And0>>> = Mutex::new(None);

/// Page tables under construction, with the MMU still off.
pub struct Builder(Mapping<Pool, El1And0>);

impl Builder {
    /// Begins with nothing mapped.
    ///
    /// # Safety
    /// `pool` must be unused RAM for as long as the loader runs.
    pub unsafe fn new(pool: Range<u64>) -> Builder {
        Builder(Mapping::with_asid_and_va_range(
            Pool {
                next: pool.start,
                end: pool.end,
            },
            0,
            ROOT_LEVEL,
            El1And0,
            VaRange::Lower,
        ))
    }

    /// Maps RAM for data; [`set_executable`] can change that for the range as a whole.
    pub fn ram(&mut self, range: Range<u64>) -> Result<(), MapError> {
        // Entries that hint at each other could not be changed one by one.
        map_identity(
            &mut self.0,
            range,
            MAIR_NORMAL | NEVER_EXECUTE,
            Constraints::NO_CONTIGUOUS_HINT,
        )
    }

    /// Maps RAM by the page, so that [`protect`] can change each page's rights.
    pub fn pages(&mut self, range: Range<u64>, executable: bool) -> Result<(), MapError> {
        let never = if executable {
            El1Attributes::UXN
        } else {
            NEVER_EXECUTE
        };
        let by_page = Constraints::NO_BLOCK_MAPPINGS | Constraints::NO_CONTIGUOUS_HINT;
        map_identity(&mut self.0, range, MAIR_NORMAL | never, by_page)
    }

    /// Turns the MMU and the caches on.
    ///
    /// # Safety
    /// What runs and all it uses must be mapped, and nothing of what was
    /// written since the caches went off may be in them.
    pub unsafe fn enable(self) -> Enabled {
        let pool = self.0.translation();
        // SAFETY: the tables were written with the caches off.
        unsafe { cache::invalidate(self.0.root_address().0 as u64..pool.next) };
        MAIR_EL1.set(0xff04);
        TTBR0_EL1.set(self.0.root_address().0 as u64);
        TCR_EL1.write(
            TCR_EL1::T0SZ.val(16)
                + TCR_EL1::TG0::KiB_4
                + TCR_EL1::SH0::Inner
                + TCR_EL1::ORGN0::WriteBack_ReadAlloc_WriteAlloc_Cacheable
                + TCR_EL1::IRGN0::WriteBack_ReadAlloc_WriteAlloc_Cacheable
                + TCR_EL1::EPD1::DisableTTBR1Walks
                + TCR_EL1::IPS.val(ID_AA64MMFR0_EL1.read(ID_AA64MMFR0_EL1::PARange)),
        );
        // SAFETY: nothing was cached in the TLB for a MMU that was off, but a reset leaves it undefined.
        unsafe {
            core::arch::asm!(
                "tlbi vmalle1",
                "dsb nsh",
                "ic iallu",
                "dsb nsh",
                "isb",
                options(nostack)
            )
        };
        SCTLR_EL1.modify(SCTLR_EL1::M::Enable + SCTLR_EL1::C::Cacheable + SCTLR_EL1::I::Cacheable);
        isb(SY);
        // Only now: counting needs exclusive accesses, which need cached memory.
        self.0.mark_active();
        Enabled(self.0)
    }
}

/// Page tables that are in use, on their way into the image that moved.
pub struct Enabled(Mapping<Pool, El1And0>);

/// Makes the image's code read-only and executable, its constants read-only,
/// and what is left of the image that moved plain RAM.
pub fn protect(tables: Enabled, image: &ImageLayout, old: Range<u64>) -> Result<(), MapError> {
    let mut mapping = tables.0;
    let mut rights = |range: Range<u64>, set: El1Attributes, clear: El1Attributes| {
        mapping.modify_range(&region(range), &|_, descriptor| {
            descriptor.modify_flags(set, clear)
        })
    };
    rights(old, NEVER_EXECUTE, El1Attributes::empty())?;
    rights(
        image.start..image.text_end,
        El1Attributes::READ_ONLY,
        El1Attributes::PXN,
    )?;
    rights(
        image.text_end..image.rodata_end,
        El1Attributes::READ_ONLY,
        El1Attributes::empty(),
    )?;
    *TABLES.lock() = Some(mapping);
    Ok(())
}

/// Maps more, outside of RAM, at its physical address. Mapping a range again is harmless.
pub fn map(range: Range<u64>, kind: Kind) -> Result<(), &'static str> {
    let attributes = NEVER_EXECUTE
        | if kind == Kind::Device {
            MAIR_DEVICE
        } else {
            MAIR_NORMAL
        };
    let mut tables = TABLES.lock();
    let mapping = tables.as_mut().ok_or("the MMU is off")?;
    map_identity(mapping, range, attributes, Constraints::NO_CONTIGUOUS_HINT)
        .map_err(|_| "it cannot be mapped")
}

/// Says whether code in a range of RAM can be run; in force when it returns.
///
/// # Errors
/// If the range does not begin and end where a mapped one does.
pub fn set_executable(range: Range<u64>, executable: bool) -> Result<(), &'static str> {
    let (set, clear) = match executable {
        true => (El1Attributes::empty(), El1Attributes::PXN),
        false => (El1Attributes::PXN, El1Attributes::empty()),
    };
    let mut tables = TABLES.lock();
    let mapping = tables.as_mut().ok_or("the MMU is off")?;
    // A change of rights needs no break before it; the library waits for the TLB.
    mapping
        .modify_range(&region(range), &|_, descriptor| {
            descriptor.modify_flags(set, clear)
        })
        .map_err(|_| "the rights to its memory cannot be changed")
}

fn map_identity(
    mapping: &mut Mapping<Pool, El1And0>,
    range: Range<u64>,
    attributes: El1Attributes,
    constraints: Constraints,
) -> Result<(), MapError> {
    let attributes = attributes
        | El1Attributes::VALID
        | El1Attributes::ACCESSED
        | El1Attributes::INNER_SHAREABLE;
    let region = region(range);
    mapping.map_range(
        &region,
        PhysicalAddress(region.start().0),
        attributes,
        constraints,
    )
}

fn region(range: Range<u64>) -> MemoryRegion {
    MemoryRegion::new(range.start as usize, range.end as usize)
}

/// Hands out pages for tables, one after the other.
#[derive(Debug)]
struct Pool {
    next: u64,
    end: u64,
}

impl Translation<El1Attributes> for Pool {
    fn allocate_table(&mut self) -> (NonNull<PageTable<El1Attributes>>, PhysicalAddress) {
        assert!(self.next < self.end, "no memory left for page tables");
        let page = self.next;
        self.next += PAGE;
        let table = self.physical_to_virtual(PhysicalAddress(page as usize));
        // SAFETY: a page of the pool, which is ours and unused.
        unsafe { table.cast::<u8>().write_bytes(0, PAGE as usize) };
        (table, PhysicalAddress(page as usize))
    }

    /// Pages are not used again: tables are only freed when blocks replace them, which is rare.
    unsafe fn deallocate_table(&mut self, _page_table: NonNull<PageTable<El1Attributes>>) {}

    fn physical_to_virtual(&self, pa: PhysicalAddress) -> NonNull<PageTable<El1Attributes>> {
        NonNull::new(pa.0 as *mut PageTable<El1Attributes>).expect("no table is at address 0")
    }
}
