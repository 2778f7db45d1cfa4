;; Products of rows with a vector. Node runs dots.wasm, which wat2wasm (of the npm package wabt) makes of this text.
(module
  (import "rows" "memory" (memory 1))

  ;; Writes the product of each of $count rows with $vector from $products on, an f32 each. A row and the vector are $width
  ;; bytes of f32; $width is a multiple of 32.
  (func (export "dots")
    (param $rows i32) (param $count i32) (param $width i32) (param $vector i32) (param $products i32)
    (local $end i32) (local $last i32) (local $at i32) (local $even v128) (local $odd v128)
    (local.set $last (i32.add (local.get $products) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (br_if $done (i32.eqz (local.get $count)))
      (loop $each_row
        (local.set $at (local.get $vector))
        (local.set $end (i32.add (local.get $rows) (local.get $width)))
        (local.set $even (v128.const f32x4 0 0 0 0))
        (local.set $odd (v128.const f32x4 0 0 0 0))
        (loop $each_8
          (local.set $even (f32x4.add (local.get $even)
            (f32x4.mul (v128.load (local.get $rows)) (v128.load (local.get $at)))))
          (local.set $odd (f32x4.add (local.get $odd)
            (f32x4.mul (v128.load offset=16 (local.get $rows)) (v128.load offset=16 (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $each_8 (i32.lt_u
            (local.tee $rows (i32.add (local.get $rows) (i32.const 32)))
            (local.get $end))))
        (local.set $even (f32x4.add (local.get $even) (local.get $odd)))
        (f32.store (local.get $products) (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $even)) (f32x4.extract_lane 1 (local.get $even)))
          (f32.add (f32x4.extract_lane 2 (local.get $even)) (f32x4.extract_lane 3 (local.get $even)))))
        (br_if $each_row (i32.lt_u
          (local.tee $products (i32.add (local.get $products) (i32.const 4)))
          (local.get $last)))))))
